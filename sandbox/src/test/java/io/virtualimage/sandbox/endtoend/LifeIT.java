package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.minio.ListObjectsArgs;
import io.minio.MinioClient;
import io.minio.Result;
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Changing one's mind: another spec, another try, and none at all. */
@ExtendWith(EndToEnd.class)
class LifeIT {
    private static final long MIB = 1 << 20;
    private static final Duration WITHIN = Duration.ofMinutes(2);

    private final World world;

    LifeIT(World world) {
        this.world = world;
    }

    @Test
    void aDeletedImageLeavesNothing() throws Exception {
        image("deleted.qcow2", 40, 60);
        world.images().apply("deleted", world.source().uri("deleted.qcow2"), null);
        VirtualImage image = world.images().await("deleted", Phase.READY, WITHIN);
        String url = Objects.requireNonNull(image.getStatus()).target().registryURL();
        Programs.run(world.directory(), "skopeo", "inspect", "--tls-verify=false", "docker://" + url);

        world.images().delete("deleted");
        world.images().awaitGone("deleted", WITHIN);
        assertThat(isInRegistry(url)).isFalse();
        assertNothingStaged(image);
    }

    @Test
    void anImageDeletedInTheMiddleLeavesNothing() throws Exception {
        image("given-up.qcow2", 300, 61);
        world.images().apply("given-up", world.slow().uri("given-up.qcow2"), null);
        VirtualImage image = world.images().await("given-up", "Provisioning", WITHIN, seen -> {
            VirtualImageStatus status = seen.getStatus();
            return status != null
                    && status.progress() != null
                    && !status.progress().isEmpty();
        });
        world.images().delete("given-up");
        world.images().awaitGone("given-up", WITHIN);
        assertNothingStaged(image);
    }

    @Test
    void aChangedSpecStartsOver() throws Exception {
        image("first-thought.qcow2", 300, 62);
        Path second = image("second-thought.qcow2", 30, 63);
        world.images().apply("changed", world.slow().uri("first-thought.qcow2"), null);
        world.images().await("changed", "Provisioning", WITHIN, seen -> seen.phase() == Phase.PROVISIONING);
        world.images().apply("changed", world.source().uri("second-thought.qcow2"), null);
        VirtualImage image = world.images().await("changed", Phase.READY, WITHIN);
        String url = Objects.requireNonNull(image.getStatus()).target().registryURL();
        assertThat(url).endsWith(image.getMetadata().getUid() + "-2-0");
        assertThat(Files.mismatch(Programs.diskOf(url, world.directory()), second))
                .isEqualTo(-1);
        assertNothingStaged(image);
    }

    @Test
    void aFailedImageIsTriedAgainOnDemand() throws Exception {
        world.images().apply("second-try", world.source().uri("late.qcow2"), null);
        world.images().await("second-try", Phase.FAILED, WITHIN);
        Path source = image("late.qcow2", 20, 64);
        world.images().retry("second-try", "1");
        VirtualImage image = world.images().await("second-try", Phase.READY, WITHIN);
        String url = Objects.requireNonNull(image.getStatus()).target().registryURL();
        assertThat(url).endsWith(image.getMetadata().getUid() + "-1-1");
        assertThat(Files.mismatch(Programs.diskOf(url, world.directory()), source))
                .isEqualTo(-1);
    }

    private Path image(String file, long mib, long seed) throws Exception {
        Path source = world.files().resolve(file);
        SampleImages.writeQcow2(source, 1024 * MIB, mib * MIB, seed);
        return source;
    }

    private boolean isInRegistry(String url) throws Exception {
        Process inspect = new ProcessBuilder("skopeo", "inspect", "--tls-verify=false", "docker://" + url)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return inspect.waitFor() == 0;
    }

    private void assertNothingStaged(VirtualImage image) throws Exception {
        MinioClient store = MinioClient.builder()
                .endpoint(world.sandbox().value("S3_ENDPOINT"))
                .region("us-east-1")
                .credentials(
                        world.sandbox().value("S3_ACCESS_KEY"), world.sandbox().value("S3_SECRET_KEY"))
                .build();
        try {
            Awaitility.await()
                    .atMost(WITHIN)
                    .untilAsserted(
                            () -> assertThat(objectsOf(image.getMetadata().getUid(), store))
                                    .isEmpty());
        } finally {
            store.close();
        }
    }

    private List<String> objectsOf(String uid, MinioClient store) throws MinioException {
        List<String> names = new ArrayList<>();
        for (Result<Item> item : store.listObjects(ListObjectsArgs.builder()
                .bucket(world.sandbox().value("S3_BUCKET"))
                .prefix(uid + "/")
                .recursive(true)
                .build())) {
            String name = item.get().objectName();
            if (!name.endsWith("/")) { // an empty folder of a store that keeps objects as files
                names.add(name);
            }
        }
        return names;
    }
}
