/** The title of an HTML page, as gateways and proxies answer in place of a service; undefined where there is none. */
export function titleIn(text: string): string | undefined {
  return /<title>([^<]*)<\/title>/i.exec(text)?.[1]
}
