/** An answer that is not 2xx: Neon's `GeneralError`. `code` is the empty string for most causes, as on Neon. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, message: string, code = '') {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
  }
}

/** 404 for a thing that is not there. */
export function notFound(what: string): ApiError {
  return new ApiError(404, `${what} not found`)
}
