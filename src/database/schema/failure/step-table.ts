/** When a step is the right one: by what the statement is, what the server says, and what stands at the place of the error. */
export interface Case {
  /** The first words of the statement, lower case: `alter table`. */
  kind?: RegExp
  /** The server's message, in English. Only of errors that the server raised. */
  message?: RegExp
  /** The text of the statement from the place of the error on. */
  at?: RegExp
  step: string
}

/** The steps of one SQLSTATE: the first case that fits, else the text that stands last. */
export type Steps = string | readonly [...Case[], string]

/** Steps by SQLSTATE (manual: Appendix A, PostgreSQL Error Codes). */
export type StepTable = Readonly<Record<string, Steps>>
