// Starts flying-squid with the settings that minecraft-java has in its own files.
const fs = require('fs')
const squid = require('flying-squid')
const defaults = require('flying-squid/config/default-settings.json')

const settings = Object.fromEntries(
  fs.readFileSync('server.properties', 'utf8').split('\n').filter((line) => /^[^#].*=/.test(line)).map((line) => line.split(/=(.*)/s, 2))
)

const server = squid.createMCServer({
  ...defaults,
  port: Number(settings['server-port']),
  motd: settings.motd,
  favicon: 'data:image/png;base64,iVBORw0KGgo=',
  'max-players': Number(settings['max-players']),
  'online-mode': settings['online-mode'] === 'true',
  'everybody-op': true,
  logging: false,
  generation: { name: 'superflat', options: { worldHeight: 80 } },
  worldFolder: 'world',
  version: '1.20.4'
})

// It listens before it lets anybody in ("Server is still starting!").
let missing = 2
const come = () => {
  missing -= 1
  if (missing === 0) setImmediate(() => console.log('Ready for players'))
}
server.once('listening', come)
server.once('pluginsReady', come)
