"""The real Teeworlds client. It draws, but into memory: there need be no screen."""

import player

UNSEEN = {"SDL_VIDEODRIVER": "offscreen", "SDL_AUDIODRIVER": "dummy", "LP_NUM_THREADS": "1"}


class Player(player.Player):
    def __init__(self, name, host, port):
        super().__init__(player.program("teeworlds"), f"player_name {name}", "gfx_limitfps 1", "gfx_maxfps 5", f"connect {host}:{port}",
                         environment=UNSEEN)
