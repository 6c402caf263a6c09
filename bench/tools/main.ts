import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCluster } from '../../sandbox/postgres/index.ts'
import { SETUPS } from './setups.ts'
import { play } from './stories.ts'

const wanted = process.argv.slice(2)
const cluster = await startCluster({ version: 17 })
const trusted = join(tmpdir(), `neon-tools-${process.pid}.pem`)
writeFileSync(trusted, cluster.certificate)
process.env.NODE_EXTRA_CA_CERTS = trusted
process.env.SSL_CERT_FILE = trusted
try {
  for (const setup of SETUPS) {
    if (wanted.length > 0 && !wanted.some((word) => setup.name.includes(word))) continue
    const outcome = await play(setup, cluster)
    console.log(
      `== ${setup.name}: ${outcome.problems.length === 0 ? 'ok' : outcome.problems.join('; ')} · end ${outcome.secondsToEnd.toFixed(2)} s · next ${outcome.secondsOfNextRun.toFixed(2)} s · ${outcome.applied.join(', ')}`,
    )
    if (outcome.problems.length > 0 && process.env.SHOW) console.log(outcome.log.split('\n').slice(-25).join('\n'))
  }
} finally {
  await cluster.stop()
}
