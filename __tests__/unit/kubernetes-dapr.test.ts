import { describe, expect, test } from '@jest/globals'
import { parseDaprComponent } from '../../src/kubernetes/index.ts'

describe('the input dapr_component', () => {
  test.each([
    ['statestore', { name: 'statestore', version: 'v2' }],
    [' statestore@v1 ', { name: 'statestore', version: 'v1' }],
    ['shop.state-1@v2', { name: 'shop.state-1', version: 'v2' }],
    ['', undefined],
    ['  ', undefined],
  ])('%j names a component and its version, v2 unless told', (text, expected) => {
    expect(parseDaprComponent(text)).toEqual(expected)
  })

  test.each([
    ['statestore@v3', "state.postgresql has no version 'v3', only v1 and v2.", 'Write statestore@v1 or statestore@v2'],
    ['statestore@', "state.postgresql has no version '', only", 'Write statestore@v1'],
    ['statestore@V1', "state.postgresql has no version 'V1', only", 'Write statestore@v1'],
    ['statestore@v1@v2', "state.postgresql has no version 'v1@v2', only", 'Write statestore@v1'],
    ['@v1', "'' is no name of a Component", 'such as statestore@v1'],
    ['StateStore', "'StateStore' is no name of a Component", 'such as statestore@v1'],
    ['state store@v1', "'state store' is no name of a Component", 'such as statestore@v1'],
    ['../secrets/x', "'../secrets/x' is no name of a Component", 'such as statestore@v1'],
    [`${'a'.repeat(254)}`, 'is no name of a Component', 'such as statestore@v1'],
  ])('%j is refused with the reason', (text, reason, advice) => {
    expect(() => parseDaprComponent(text)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          new RegExp(`^Input dapr_component is '.*': .*${reason.replace(/[.*]/g, '\\$&')}`),
        ),
        advice: expect.stringContaining(advice),
      }),
    )
  })
})
