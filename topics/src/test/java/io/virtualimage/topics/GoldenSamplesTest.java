package io.virtualimage.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Samples of every type: they stay readable for ever, and validate against the contract. */
class GoldenSamplesTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden/v1");
    private static final RecordSchemas SCHEMAS =
            new RecordSchemas(AsyncApi.read().root());
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    private static final Schema ANY = REGISTRY.getSchema(SCHEMAS.ofAny());

    @Test
    void everyFileIsExpectedAndEveryTypeHasOne() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            Set<String> names =
                    files.map(file -> file.getFileName().toString()).collect(TreeSet::new, Set::add, Set::addAll);
            assertThat(names)
                    .containsExactlyInAnyOrderElementsOf(GoldenSamples.expected().keySet().stream()
                            .map(name -> name + ".json")
                            .toList());
        }
        Set<String> types = new TreeSet<>(EventCodec.types().keySet());
        types.add("DeadLetter");
        assertThat(samples().map(GoldenSamples::typeOf).distinct()).containsExactlyElementsOf(types);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void isReadAsWhatItWasWrittenFor(String sample) throws Exception {
        ObjectNode file = read(sample);
        if (GoldenSamples.expected().get(sample) instanceof Event event) {
            assertThat(EventCodec.decode(bytes(file))).contains(new EventCodec.Decoded(event, GoldenSamples.TIME));
        } else {
            assertThat(EventCodec.mapper().treeToValue(file.path("data"), DeadLetter.class))
                    .isEqualTo(GoldenSamples.expected().get(sample));
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void isWhatIsWrittenToday(String sample) throws IOException {
        ObjectNode file = read(sample);
        ObjectNode today = (ObjectNode) GoldenSamples.encode(sample);
        today.set("id", file.path("id"));
        // As text, because the order of members is for people.
        assertThat(today.toPrettyString()).isEqualTo(file.toPrettyString());
    }

    @ParameterizedTest
    @MethodSource("samples")
    void validates(String sample) throws IOException {
        ObjectNode file = read(sample);
        assertThat(errors(schemaOf(sample), file)).isEmpty();
        assertThat(errors(ANY, file)).isEmpty();
        assertThat(errors(ANY, EventCodec.mapper().createArrayNode().add(file))).isEmpty();
    }

    /** Schema and codec agree on what must be there, at every depth. */
    @ParameterizedTest
    @MethodSource("samples")
    void everyMemberOfTheDataIsRequiredByBothOrByNeither(String sample) throws IOException {
        for (String pointer : pointers("/data", read(sample).path("data"))) {
            ObjectNode broken = read(sample);
            int slash = pointer.lastIndexOf('/');
            ((ObjectNode) broken.at(pointer.substring(0, slash))).remove(pointer.substring(slash + 1));
            boolean refused = !errors(schemaOf(sample), broken).isEmpty();
            assertThat(errors(ANY, broken).isEmpty()).as(pointer).isEqualTo(!refused);
            if (GoldenSamples.expected().get(sample) instanceof Event && refused) {
                assertThatThrownBy(() -> EventCodec.decode(bytes(broken)))
                        .as("without " + pointer)
                        .isInstanceOf(UndecodableEventException.class);
            } else if (GoldenSamples.expected().get(sample) instanceof Event) {
                assertThat(readable(broken)).as("without " + pointer).isTrue();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void mayGetMoreMembers(String sample) throws IOException {
        ObjectNode more = read(sample).put("partitionkey", "k");
        ((ObjectNode) more.path("data")).putObject("colour").put("name", "red");
        assertThat(errors(schemaOf(sample), more)).isEmpty();
        assertThat(errors(ANY, more)).isEmpty();
        assertThat(readable(more)).isTrue();
    }

    @Test
    void whatBreaksTheContractIsRefused() throws IOException {
        ObjectNode sample = read("VerifySource");
        List<String> accepted = new ArrayList<>();
        for (String[] change : new String[][] {
            {"/type", "io.virtualimage.Unheard"},
            {"/type", "io.virtualimage.ImageRequested"},
            {"/specversion", "0.3"},
            {"/time", "yesterday"},
            {"/data/header/attempt", "1"},
            {"/data/staged/present", "0-5,"},
            {"/data/staged/present", "-1"},
            {"/data/expected/sha256", "ab"},
            {"/data/header/image/namespace", "a/b"}
        }) {
            ObjectNode broken = sample.deepCopy();
            int slash = change[0].lastIndexOf('/');
            ((ObjectNode) broken.at(change[0].substring(0, slash))).put(change[0].substring(slash + 1), change[1]);
            if (errors(ANY, broken).isEmpty()) {
                accepted.add(String.join(" = ", change));
            }
        }
        ObjectNode withUnknownChecksum = sample.deepCopy();
        ((ObjectNode) withUnknownChecksum.at("/data/expected")).put("crc", "00");
        assertThat(errors(ANY, withUnknownChecksum)).isNotEmpty();
        assertThat(readable(withUnknownChecksum)).isFalse();
        assertThat(accepted).isEmpty();
    }

    @Test
    void aUrlWithASecretIsRefused() throws IOException {
        for (String url : List.of("http://u:p@host/x", "http://host/x?token=1", "http://host/x#y", "ftp://host/x")) {
            ObjectNode broken = read("ImageRequested");
            ((ObjectNode) broken.at("/data/source")).put("url", url);
            assertThat(errors(ANY, broken)).as(url).isNotEmpty();
            assertThat(readable(broken)).as(url).isFalse();
        }
    }

    private static Stream<String> samples() {
        return GoldenSamples.expected().keySet().stream();
    }

    /** Where the members of an object are, at every depth. */
    private static List<String> pointers(String at, JsonNode node) {
        List<String> pointers = new ArrayList<>();
        node.properties().forEach(member -> {
            pointers.add(at + "/" + member.getKey());
            pointers.addAll(pointers(at + "/" + member.getKey(), member.getValue()));
        });
        for (int i = 0; node.isArray() && i < node.size(); i++) {
            pointers.addAll(pointers(at + "/" + i, node.path(i)));
        }
        return pointers;
    }

    private static boolean readable(ObjectNode event) {
        try {
            EventCodec.decode(bytes(event));
            return true;
        } catch (UndecodableEventException e) {
            return false;
        }
    }

    private static Schema schemaOf(String sample) {
        return REGISTRY.getSchema(SCHEMAS.of(EventCodec.TYPE_PREFIX + GoldenSamples.typeOf(sample)));
    }

    private static List<Error> errors(Schema schema, JsonNode instance) {
        return schema.validate(
                instance, (context, _) -> context.executionConfig(config -> config.formatAssertionsEnabled(true)));
    }

    private static ObjectNode read(String sample) throws IOException {
        return (ObjectNode) EventCodec.mapper().readTree(Files.readString(FOLDER.resolve(sample + ".json")));
    }

    private static byte[] bytes(ObjectNode event) {
        return event.toString().getBytes(StandardCharsets.UTF_8);
    }
}
