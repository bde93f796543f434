// Every version of Minecraft that minecraft-protocol knows, from 1.7 on, looks at a server in its list and then joins it: HOST PORT [VERSION...].
// One line of JSON for each: what its list shows, and what its player reads when he is turned away (or that he is in).
const minecraft = require('minecraft-protocol')

const patience = 20000

function textOf (component) {
  if (typeof component === 'string') {
    try { component = JSON.parse(component) } catch { return component }
  }
  return typeof component === 'string' ? component : component.text + (component.extra ?? []).map(textOf).join('')
}

function join (host, port, version) {
  return new Promise((resolve, reject) => {
    const client = minecraft.createClient({ host, port, version, username: 'ann', auth: 'offline', hideErrors: true })
    const timer = setTimeout(() => { client.end(); reject(new Error(`${version}: nothing was said to the player`)) }, patience)
    const end = (said) => { clearTimeout(timer); resolve(said); client.end() }
    client.on('disconnect', (packet) => end({ told: textOf(packet.reason) }))
    client.on('login', () => end({ is_in: true }))
    client.on('error', (error) => { clearTimeout(timer); reject(error) })
  })
}

async function main () {
  const [host, port, ...versions] = process.argv.slice(2)
  for (const version of versions.length ? versions : [...new Set(minecraft.supportedVersions)]) {
    const seen = await minecraft.ping({ host, port: Number(port), version })
    const said = await join(host, Number(port), version)
    const protocol = require('minecraft-data')(version).version.version
    console.log(JSON.stringify({ version, protocol, list: { text: textOf(seen.description), ...seen.version, max: seen.players.max, icon: seen.favicon }, ...said }))
  }
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1) })
