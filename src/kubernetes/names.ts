/**
 * What the API server takes as names, labels and keys (k8s.io/apimachinery/pkg/util/validation/validation.go), so that a
 * wrong input is told before anything is made. Each function answers why a text is wrong, or with an empty string.
 */

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const QUALIFIED = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const KEY = /^[-._a-zA-Z0-9]+$/

const LONGEST_LABEL = 63
const LONGEST_SUBDOMAIN = 253

const SMALL = "small letters, digits and '-', and begins and ends with a letter or digit"

/** Of a namespace (IsDNS1123Label). */
export function namespaceProblem(name: string): string {
  if (name.length > LONGEST_LABEL) return `a namespace has at most ${LONGEST_LABEL} characters, not ${name.length}`
  return LABEL.test(name) ? '' : `a namespace has ${SMALL}`
}

/** Of a Secret or a Component (IsDNS1123Subdomain). */
export function objectNameProblem(name: string): string {
  if (name.length > LONGEST_SUBDOMAIN) return `a name has at most ${LONGEST_SUBDOMAIN} characters, not ${name.length}`
  return SUBDOMAIN.test(name) ? '' : `a name has ${SMALL}; a '.' may stand between such parts`
}

/** Of a key of a Secret (IsConfigMapKey). */
export function secretKeyProblem(key: string): string {
  if (key.length > LONGEST_SUBDOMAIN) return `a key has at most ${LONGEST_SUBDOMAIN} characters, not ${key.length}`
  if (key === '.' || key.startsWith('..')) return "a key is not '.' and does not begin with '..'"
  return KEY.test(key) ? '' : "a key of a Secret has letters, digits, '-', '_' and '.'"
}

/** Of a label's key (IsQualifiedName): `name` or `prefix/name`. */
export function labelKeyProblem(key: string): string {
  const parts = key.split('/')
  const name = parts.at(-1) ?? ''
  if (parts.length > 2) return "a label's key has at most one '/'"
  if (name.length > LONGEST_LABEL) {
    return `the name of a label has at most ${LONGEST_LABEL} characters, not ${name.length}`
  }
  if (!QUALIFIED.test(name)) return `the name of a label has ${MIXED}`
  const [prefix] = parts
  if (parts.length === 1 || prefix === undefined) return ''
  const problem = objectNameProblem(prefix)
  return problem ? `what stands before its '/' is no domain: ${problem}` : ''
}

const MIXED = "letters, digits, '-', '_' and '.', and begins and ends with a letter or digit"

/** Of a label's value (IsValidLabelValue); an empty one is right. */
export function labelValueProblem(value: string): string {
  if (value.length > LONGEST_LABEL) {
    return `the value of a label has at most ${LONGEST_LABEL} characters, not ${value.length}`
  }
  return value === '' || QUALIFIED.test(value) ? '' : `the value of a label has ${MIXED}`
}
