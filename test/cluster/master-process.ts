/** A master as a process of its own, for tests that kill or stop it. Prints one line with its id and page when it runs. Arguments: NATS URL, name of the host, conf as JSON. */
import { runMaster } from '#src/bin/master.js'
import { Conf } from '#src/core/config.js'
import { rootLogger } from '#src/core/log.js'

const [, , natsUrl = '', host = '', conf = '{}'] = process.argv
const node = await runMaster({
  natsUrl,
  cluster: 'spk',
  host,
  bind: '127.0.0.1',
  uiPort: 0,
  conf: new Conf(JSON.parse(conf) as Record<string, string>),
  log: rootLogger(),
})
process.once('SIGTERM', () => void node.stop('SIGTERM'))
process.stdout.write(`${JSON.stringify({ id: node.id, ...node.facts })}\n`)
const { failed } = await node.ended
process.exitCode = failed ? 1 : 0
