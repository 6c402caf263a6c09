/**
 * Whether a host name is one of Neon's: its databases are below `neon.tech` (`neon.build` on its stages), its console and
 * API are at `console.neon.tech` and moved towards `neon.com`. An address or a sandbox's host is none.
 */
export function isNeonHost(host: string): boolean {
  return /(^|\.)neon\.(tech|com|build)\.?$/i.test(host)
}
