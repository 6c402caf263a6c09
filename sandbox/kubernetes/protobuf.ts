import { type Item, Refusal } from './objects.ts'

/**
 * kubectl sends what it makes itself (`create namespace`) as Protocol Buffers. The stand-in reads as much of it as such an
 * object has: name, namespace, labels and annotations, and the data of a Secret; field numbers as in the .proto files of
 * k8s.io/api and k8s.io/apimachinery. It answers with JSON, which kubectl takes too.
 */
export function decodeProtobuf(bytes: Buffer): Item {
  if (bytes.subarray(0, 4).toString('latin1') !== 'k8s\0') throw unreadable()
  const unknown = fieldsOf(bytes.subarray(4))
  const type = fieldsOf(unknown.get(1)?.[0])
  const object = fieldsOf(unknown.get(2)?.[0])
  const metadata = fieldsOf(object.get(1)?.[0])
  const texts = (fields: Fields, number: number) => mapOf(fields.get(number), (value) => value.toString('utf8'))
  const kind = textOf(type.get(2))
  return {
    apiVersion: textOf(type.get(1)),
    kind,
    metadata: {
      name: textOf(metadata.get(1)),
      ...(metadata.get(3) && textOf(metadata.get(3)) ? { namespace: textOf(metadata.get(3)) } : {}),
      ...(metadata.has(11) ? { labels: texts(metadata, 11) } : {}),
      ...(metadata.has(12) ? { annotations: texts(metadata, 12) } : {}),
    },
    ...(kind === 'Secret' && object.has(2) ? { data: mapOf(object.get(2), (value) => value.toString('base64')) } : {}),
    ...(kind === 'Secret' && textOf(object.get(3)) ? { type: textOf(object.get(3)) } : {}),
  }
}

/** Of a message: what stands under each field number, in order. */
type Fields = Map<number, Buffer[]>

function fieldsOf(bytes: Buffer = Buffer.alloc(0)): Fields {
  const fields: Fields = new Map()
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at]
      if (byte === undefined || shift > 42) throw unreadable()
      at += 1
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    if ((tag & 7) === 0) {
      varint()
      continue
    }
    if ((tag & 7) !== 2) throw unreadable()
    const length = varint()
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), bytes.subarray(at, at + length)])
    at += length
  }
  return fields
}

function textOf(values: Buffer[] | undefined): string {
  return values?.at(-1)?.toString('utf8') ?? ''
}

function mapOf(entries: Buffer[] = [], read: (value: Buffer) => string): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const fields = fieldsOf(entry)
      return [textOf(fields.get(1)), read(fields.get(2)?.[0] ?? Buffer.alloc(0))]
    }),
  )
}

function unreadable(): Refusal {
  return new Refusal(400, 'BadRequest', 'the stand-in cannot read these Protocol Buffers')
}
