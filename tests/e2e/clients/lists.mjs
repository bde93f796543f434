// What gamedig, which web sites list servers with, sees: one line of JSON for each `GAME ADDRESS PORT` that is given.
import { GameDig } from 'gamedig'

const words = process.argv.slice(2)
for (let i = 0; i < words.length; i += 3) {
  const [type, host, port] = words.slice(i, i + 3)
  const seen = await GameDig.query({ type, host, port: Number(port), givenPortOnly: true, socketTimeout: 10000, attemptTimeout: 20000 })
  console.log(JSON.stringify({ type, name: seen.name, map: seen.map, players: seen.numplayers, players_max: seen.maxplayers, raw: seen.raw }))
}
