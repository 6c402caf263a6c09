/** What a reader has to look at. */
export interface Remark {
  topic: Topic
  /** Place in the file as it was. */
  offset: number
  text: string
}

/** What a remark is about. */
export type Topic = 'name' | 'mode' | 'permissions' | 'outputs' | 'needless' | 'expiry' | 'input' | 'schema' | 'version'
