"""The real Minetest client without a screen, and a small mod through which a player's name says what he does in the world.

`put_gold` turns one block, high above the ground, into gold when he joins; `put_mese` into mese; `look` only reports what is there. The mod
writes what happened to the server's log, from where the tests read it.
"""

import pathlib

import player

MOD = """
local place = { x = 8, y = 120, z = 8 }
local blocks = { put_gold = "default:goldblock", put_mese = "default:mese" }
minetest.register_on_joinplayer(function(player)
    local name = player:get_player_name()
    minetest.emerge_area(place, place, function(_, _, left)
        if left > 0 then return end
        if blocks[name] then minetest.set_node(place, { name = blocks[name] }) end
        minetest.log("action", "gk_mark: " .. name .. " sees " .. minetest.get_node(place).name)
    end)
end)
"""


MOD_FILES = {"mod.conf": "name = gk_mark\ndepends = default\n", "init.lua": MOD}


def install_mod(world):
    """Puts the mod into a world directory; returns what was made, for chown."""
    mods = pathlib.Path(world) / "worldmods"
    mod = mods / "gk_mark"
    mod.mkdir(parents=True, exist_ok=True)
    for name, text in MOD_FILES.items():
        (mod / name).write_text(text)
    return mods


class Player(player.Player):
    def __init__(self, name, host, port):
        config = (f"video_driver = null\nenable_sound = false\nname = {name}\n"
                  "fps_max = 5\nfps_max_unfocused = 5\nviewing_range = 20\n")
        super().__init__(player.program("minetest"), "--config", "client.conf", "--go", "--address", host, "--port", str(port), "--name", name,
                         "--password", "pw", files=[("client.conf", config)])
