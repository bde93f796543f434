import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/**
 * Stands in for the game that cannot be downloaded where tests run: reads the same files, writes the same lines into its log, takes the same
 * commands. Whoever connects and sends a line joins under that name, and leaves with the connection.
 */
public final class Server {
    private static synchronized void log(String line) {
        System.out.println("[12:00:00] [Server thread/INFO]: " + line);
    }

    private static Properties read(String path) throws IOException {
        var properties = new Properties();
        try (var in = new FileInputStream(path)) {
            properties.load(in);
        }
        return properties;
    }

    private static void play(Socket socket) {
        try (socket; var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
            var name = in.readLine();
            if (name == null) return;
            log(name + " joined the game");
            for (String said; (said = in.readLine()) != null; ) log("<" + name + "> " + said);
            log(name + " left the game");
        } catch (IOException gone) {
            log("somebody was cut off");
        }
    }

    private static void accept(ServerSocket listener) {
        for (;;) {
            try {
                var socket = listener.accept();
                new Thread(() -> play(socket)).start();
            } catch (IOException closed) {
                return;
            }
        }
    }

    private static void save() throws IOException {
        var world = Path.of("world");
        Files.createDirectories(world);
        Files.writeString(world.resolve("level.dat"), "saved");
        log("Saved the game");
    }

    public static void main(String[] arguments) throws IOException {
        if (!"true".equals(read("eula.txt").getProperty("eula"))) {
            log("You need to agree to the EULA in order to run the server.");
            return;
        }
        var settings = read("server.properties");
        var port = Integer.parseInt(settings.getProperty("server-port"));
        var listener = new ServerSocket(port, 50, InetAddress.getByName(settings.getProperty("server-ip")));
        var accepting = new Thread(() -> accept(listener));
        accepting.setDaemon(true);
        accepting.start();
        log("The heap may have " + Runtime.getRuntime().maxMemory() / (1024 * 1024) + " MiB");
        log("Done (0.123s)! For help, type \"help\"");
        var console = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String command; (command = console.readLine()) != null; ) {
            switch (command) {
                case "save-all flush" -> save();
                case "stop" -> {
                    save();
                    System.exit(0);
                }
                default -> log("Unknown or incomplete command: " + command);
            }
        }
    }
}
