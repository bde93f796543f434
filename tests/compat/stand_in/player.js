// A player: joins at HOST PORT, optionally places a block of gold beside the world's origin, says which block is there, and leaves.
const mineflayer = require('mineflayer')
const { Vec3 } = require('vec3')

const [host, port, deed] = process.argv.slice(2)
const place = new Vec3(1, 70, 1)
const bot = mineflayer.createBot({ host, port: Number(port), username: 'Alex', version: '1.20.4', auth: 'offline' })

function end (text, code) {
  console.log(text)
  bot.quit()
  process.exit(code)
}

bot.on('kicked', (why) => end(`kicked: ${JSON.stringify(why)}`, 1))
bot.on('error', (error) => end(`error: ${error.message}`, 1))
bot.once('spawn', async () => {
  await bot.waitForChunksToLoad()
  if (deed === 'build') {
    const placed = new Promise((resolve) => bot.world.on(`blockUpdate:${place}`, (before, after) => after.name === 'gold_block' && resolve()))
    bot.chat(`/setblock ${place.x} ${place.y} ${place.z} gold_block`)
    await placed
  }
  end(bot.blockAt(place).name, 0)
})
