/** An answer that is not 2xx: Neon's `GeneralError`. `code` is the empty string for most causes, as on Neon. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  /** False where the real service gives no `request_id` in the body: a request that cannot be decoded. */
  readonly withRequestId: boolean

  constructor(status: number, message: string, code = '', { withRequestId = true } = {}) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.withRequestId = withRequestId
  }
}
