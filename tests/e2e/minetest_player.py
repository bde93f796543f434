"""The real Minetest client without a screen, and a small mod through which a player's name says what he does in the world.

`put_gold` turns one block, high above the ground, into gold when he joins; `put_mese` into mese; `look` only reports what is there. The mod
writes what happened to the server's log, from where the tests read it.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

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


def install_mod(world):
    """Puts the mod into a world directory; returns what was made, for chown."""
    mods = pathlib.Path(world) / "worldmods"
    mod = mods / "gk_mark"
    mod.mkdir(parents=True, exist_ok=True)
    (mod / "mod.conf").write_text("name = gk_mark\ndepends = default\n")
    (mod / "init.lua").write_text(MOD)
    return mods

# Debian keeps games out of root's path.
MINETEST = shutil.which("minetest", path=os.environ.get("PATH", "") + ":/usr/games") or "minetest"


class Player:
    """A client that joins at once and stays until it is closed."""

    def __init__(self, name, host, port):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="gk-player-"))
        config = self.home / "client.conf"
        config.write_text("video_driver = null\nenable_sound = false\nname = %s\nfps_max = 5\nfps_max_unfocused = 5\nviewing_range = 20\n" % name)
        self.log_path = self.home / "client.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [MINETEST, "--config", config, "--go", "--address", host, "--port", str(port), "--name", name, "--password", "pw"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home,
                env={**os.environ, "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.home)})

    def log(self):
        return self.log_path.read_text(errors="replace")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
