package io.virtualimage.volume;

import io.virtualimage.volume.fill.VolumeWriter;
import io.virtualimage.volume.link.GoneException;
import io.virtualimage.volume.link.Patience;
import io.virtualimage.volume.link.ServiceLink;
import io.virtualimage.volume.link.SignOfLife;
import io.virtualimage.volume.link.VolumeException;
import io.virtualimage.volume.read.VolumeReader;
import java.nio.file.Path;
import java.util.Map;

/**
 * The process in the Pod: {@code read} or {@code fill}. Reads {@code VOLUME_URL}, the service's URL with this work's token,
 * and {@code VOLUME_PATH}, the block device or where the file system is mounted. Ends with 0 when all is done,
 * else with {@link VolumeException#exitCode} and one line on stderr, which Kubernetes shows as the
 * container's message.
 */
public final class VolumeMain {
    private static final int USAGE = 64;
    private static final int DEFECT = 70;

    /** More than one hides the way to the fetcher; many would read all over a slow disk at once. */
    private static final int THREADS = 4;

    private VolumeMain() {}

    public static void main(String[] args) {
        System.exit(run(args, System.getenv()));
    }

    static int run(String[] args, Map<String, String> environment) {
        String url = environment.get("VOLUME_URL");
        String path = environment.get("VOLUME_PATH");
        if (args.length != 1 || url == null || path == null) {
            return fail(USAGE, "'read' or 'fill' is asked for, and VOLUME_URL and VOLUME_PATH have to be set");
        }
        try (ServiceLink link = new ServiceLink(url, Patience.USUAL)) {
            switch (args[0]) {
                case "read" -> new VolumeReader(link, THREADS, SignOfLife.PAUSE).read(Path.of(path));
                case "fill" -> new VolumeWriter(link, THREADS, SignOfLife.PAUSE).fill(Path.of(path));
                default -> {
                    return fail(USAGE, "no such work: " + args[0]);
                }
            }
            return 0;
        } catch (GoneException e) {
            return fail(VolumeException.NOT_WANTED, String.valueOf(e.getMessage()));
        } catch (VolumeException e) {
            return fail(e.exitCode(), e.words());
        } catch (InterruptedException e) {
            return fail(VolumeException.SERVICE_AWAY, "interrupted");
        } catch (RuntimeException | OutOfMemoryError e) {
            return fail(DEFECT, e.toString());
        }
    }

    private static int fail(int exitCode, String words) {
        System.err.println(words);
        return exitCode;
    }
}
