/** Keeps secrets out of the event log: values of keys that name one (Spark's `spark.redaction.regex`), and passwords inside URLs. Pure. */

const SECRET = /secret|password|token|access[.]?key/i
const REDACTED = '*********(redacted)'

export function redact(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, SECRET.test(key) ? REDACTED : value.replace(/\/\/[^/@\s]*@/g, `//${REDACTED}@`)]),
  )
}
