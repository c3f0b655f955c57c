package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.sandbox.Service;
import io.virtualimage.sandbox.ServiceProcess;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** SIGKILL to each service in the middle of an import: the image arrives, and the source is hardly asked again. */
@ExtendWith(EndToEnd.class)
class KillIT {
    private static final long MIB = 1 << 20;
    private static final long SEGMENT_BYTES = 16 * MIB;
    /** What one fetcher may have under way: WORKERS. */
    private static final int IN_FLIGHT = 4;

    private static final Duration READY_WITHIN = Duration.ofMinutes(3);

    private final World world;

    KillIT(World world) {
        this.world = world;
    }

    @ParameterizedTest
    @EnumSource(Service.class)
    void aKilledServiceCostsNextToNothing(Service service) throws Exception {
        String name = "killed-" + service.name().toLowerCase(Locale.ROOT).replace('_', '-');
        String file = name + ".qcow2";
        Path source = world.files().resolve(file);
        SampleImages.writeQcow2(source, 1024 * MIB, 400 * MIB, name.hashCode());

        world.images().apply(name, world.slow().uri(file), null);
        world.images().await(name, "a part", READY_WITHIN, image -> progress(image) >= 15);
        ServiceProcess process = world.sandbox().processesOf(service).getFirst();
        long killed = process.pid();
        process.kill();
        assertThat(world.images().find(name).orElseThrow().phase()).isEqualTo(Phase.PROVISIONING);
        process.restart();
        assertThat(process.pid()).isNotEqualTo(killed);

        VirtualImage image = world.images().await(name, Phase.READY, READY_WITHIN);
        VirtualImageStatus status = Objects.requireNonNull(image.getStatus());
        Path disk = Programs.diskOf(status.target().registryURL(), world.directory());
        assertThat(Files.mismatch(disk, source)).isEqualTo(-1);
        long servedAgain = world.slow().bytesSent(file) - Files.size(source);
        System.out.printf(
                "[figures] KillIT: %s killed: %.1f MiB of %d MiB served again%n",
                service.serviceName(), servedAgain / (double) MIB, Files.size(source) / MIB);
        // nginx counts what it handed to the kernel: of a cut connection that is a little more than what arrived.
        assertThat(servedAgain).isLessThanOrEqualTo(IN_FLIGHT * SEGMENT_BYTES + IN_FLIGHT * 4 * MIB);
    }

    private static double progress(VirtualImage image) {
        VirtualImageStatus status = image.getStatus();
        String progress = status == null ? null : status.progress();
        return progress == null || progress.isEmpty() ? 0 : Double.parseDouble(progress.replace("%", ""));
    }
}
