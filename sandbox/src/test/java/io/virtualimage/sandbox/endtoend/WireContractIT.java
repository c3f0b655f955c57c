package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.Phase;
import io.virtualimage.sandbox.Schemas;
import io.virtualimage.sandbox.components.SandboxHome;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import io.virtualimage.topics.Topic;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is really on the topics, read by kcat, is what the contract says, as check-jsonschema sees it. */
@ExtendWith(EndToEnd.class)
class WireContractIT {
    private static final Duration WITHIN = Duration.ofMinutes(2);

    private final World world;

    WireContractIT(World world) {
        this.world = world;
    }

    @Test
    void everyRecordIsAsTheContractSays() throws Exception {
        // One image from its beginning to its end, and one that fails, whatever else is on the topics by now.
        SampleImages.writeQcow2(world.files().resolve("wire.qcow2"), 64 << 20, 20 << 20, 71);
        world.images().apply("wire", world.source().uri("wire.qcow2"), null);
        world.images().apply("wire-missing", world.source().uri("no-such-wire.qcow2"), null);
        world.images().await("wire", Phase.READY, WITHIN);
        world.images().await("wire-missing", Phase.FAILED, WITHIN);
        world.images().delete("wire");
        world.images().awaitGone("wire", WITHIN);

        Path folder = Files.createDirectories(world.directory().resolve("schemas"));
        Schemas.main(new String[] {folder.toString()});
        List<String> files = new ArrayList<>();
        int records = 0;
        for (Topic topic : Topic.values()) {
            List<String> lines =
                    Programs.records(world.sandbox().value("KAFKA_BOOTSTRAP"), topic.topicName(), world.directory());
            records += lines.size();
            Path file = folder.resolve(topic.topicName() + ".json");
            Files.writeString(file, "[" + String.join(",\n", lines) + "]\n");
            files.add(file.toString());
        }
        assertThat(records).isGreaterThan(30);
        System.out.println("[figures] WireContractIT: " + records + " records on " + files.size() + " topics checked");

        List<String> command = new ArrayList<>(
                List.of(checker(), "--schemafile", folder.resolve("record.json").toString()));
        command.addAll(files);
        String said = Programs.run(world.directory(), command.toArray(String[]::new));
        assertThat(said).contains("ok -- validation done");

        // The judge does judge: a record that lacks what it must have is refused.
        Path broken = folder.resolve("broken.json");
        Files.writeString(
                broken, "[{\"specversion\":\"1.0\",\"type\":\"io.virtualimage.SegmentFetched\",\"data\":{}}]");
        Process refused = new ProcessBuilder(
                        checker(), "--schemafile", folder.resolve("record.json").toString(), broken.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("broken.log").toFile())
                .start();
        assertThat(refused.waitFor()).isNotZero();
    }

    private static String checker() {
        return SandboxHome.find()
                .directory()
                .resolve("sandbox")
                .resolve("bin")
                .resolve("check-jsonschema")
                .toString();
    }
}
