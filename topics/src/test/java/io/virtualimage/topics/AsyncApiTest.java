package io.virtualimage.topics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Holds {@code asyncapi.yaml} to the code, and the Strimzi resources to both. */
class AsyncApiTest {
    private final AsyncApi contract = AsyncApi.read();

    /** Every type that may be on a topic. */
    private static Map<String, Class<?>> types() {
        Map<String, Class<?>> types = new TreeMap<>(EventCodec.types());
        types.put("DeadLetter", DeadLetter.class);
        return types;
    }

    @Test
    void everyTypeHasAMessageAndEveryMessageAType() {
        assertThat(AsyncApi.words(contract.messages())).isEqualTo(types().keySet());
        contract.messages().properties().forEach(entry -> {
            String type = EventCodec.TYPE_PREFIX + entry.getKey();
            JsonNode message = entry.getValue();
            JsonNode payload = message.path("payload").path("allOf");
            assertThat(message.path("name").asString()).isEqualTo(type);
            assertThat(message.path("summary").asString()).isNotBlank();
            assertThat(AsyncApi.nameIn(payload.path(0))).isEqualTo("CloudEvent");
            assertThat(payload.path(1).at("/properties/type/const").asString()).isEqualTo(type);
            assertThat(AsyncApi.nameIn(payload.path(1).at("/properties/data"))).isEqualTo(entry.getKey());
            JsonNode trait = contract.follow(message.path("traits").path(0));
            assertThat(trait.path("contentType").asString()).isEqualTo("application/cloudevents+json");
            assertThat(trait.at("/bindings/kafka/key/type").asString()).isEqualTo("string");
            assertThat(AsyncApi.words(contract.follow(trait.path("headers")).path("properties")))
                    .containsExactly("traceparent");
        });
    }

    @Test
    void schemasSayWhatTheRecordsDemand() {
        assertThat(types().keySet().stream().flatMap(type -> differences(type, contract).stream()))
                .isEmpty();
    }

    /** A member, a demand or a word that only one side knows must show, wherever it is. */
    @Test
    void anyDriftOfASchemaIsFound() {
        List<String> overlooked = new ArrayList<>();
        ObjectNode schemas = (ObjectNode) contract.schemas();
        for (String name : reachableSchemas()) {
            String user = types().keySet().stream()
                    .filter(type -> reachableFrom(type).contains(name))
                    .findFirst()
                    .orElseThrow();
            JsonNode agreed = schemas.path(name);
            Drift.of(agreed).forEach((what, drift) -> {
                ObjectNode drifted = (ObjectNode) agreed.deepCopy();
                drift.change(drifted);
                schemas.set(name, drifted);
                if (differences(user, contract).isEmpty()) {
                    overlooked.add(name + ": " + what);
                }
            });
            schemas.set(name, agreed);
        }
        assertThat(overlooked).isEmpty();
    }

    private static List<String> differences(String type, AsyncApi contract) {
        return RecordComparison.differences(
                types().get(type), contract.schemas().path(type), contract);
    }

    @Test
    void theEnvelopeIsWhatTheCodecWrites() {
        JsonNode envelope = contract.schemas().path("CloudEvent");
        Set<String> written = AsyncApi.words(GoldenSamples.encode("ImageWithdrawn"));
        assertThat(AsyncApi.words(envelope.path("properties"))).isEqualTo(written);
        assertThat(AsyncApi.words(envelope.path("required"))).isEqualTo(written);
    }

    @Test
    void noSchemaIsLeftOver() {
        Set<String> used = reachableSchemas();
        used.add("Headers");
        used.add("CloudEvent");
        assertThat(AsyncApi.words(contract.schemas())).isEqualTo(used);
    }

    private Set<String> reachableSchemas() {
        return types().keySet().stream()
                .flatMap(type -> reachableFrom(type).stream())
                .collect(TreeSet::new, Set::add, Set::addAll);
    }

    private Set<String> reachableFrom(String schema) {
        Set<String> reached = new TreeSet<>();
        reach(schema, reached);
        return reached;
    }

    private void reach(String schema, Set<String> reached) {
        if (reached.add(schema)) {
            contract.schemas()
                    .path(schema)
                    .findValuesAsString("$ref")
                    .forEach(reference -> reach(reference.substring(reference.lastIndexOf('/') + 1), reached));
        }
    }

    @Test
    void everyTopicIsAChannelWithItsSettings() {
        assertThat(contract.channels()).hasSameSizeAs(List.of(Topic.values()));
        for (Topic topic : Topic.values()) {
            JsonNode channel = channel(topic);
            JsonNode kafka = channel.at("/bindings/kafka");
            assertThat(channel.path("address").asString()).isEqualTo(topic.topicName());
            assertThat(channel.path("description").asString()).isNotBlank();
            assertThat(kafka.path("partitions").asInt()).isEqualTo(topic.partitions(Topic.PARTITIONS));
            assertThat(settings(kafka.path("topicConfiguration"))).isEqualTo(topic.config());
        }
    }

    @Test
    void everyMessageIsOnTheTopicOfItsType() {
        Map<Topic, Set<String>> byTopic = new TreeMap<>();
        for (Topic topic : Topic.values()) {
            byTopic.put(topic, new TreeSet<>());
        }
        types().keySet()
                .forEach(type -> byTopic.get(GoldenSamples.topicOf(type)).add(type));
        for (Topic topic : Topic.values()) {
            JsonNode messages = channel(topic).path("messages");
            assertThat(AsyncApi.words(messages)).as(topic.topicName()).isEqualTo(byTopic.get(topic));
            messages.properties()
                    .forEach(message ->
                            assertThat(AsyncApi.nameIn(message.getValue())).isEqualTo(message.getKey()));
        }
    }

    @Test
    void everyWorkGroupHasAnOperationWithItsSettings() {
        Map<String, Map<String, String>> documented = new TreeMap<>();
        contract.operations().properties().forEach(operation -> {
            JsonNode group = operation.getValue().path("x-share-group");
            if (!group.isMissingNode()) {
                documented.put(
                        operation.getKey() + " as " + group.path("groupId").asString(), settings(group.path("config")));
            }
        });
        Map<String, Map<String, String>> coded = Stream.of(WorkGroup.values())
                .collect(Collectors.toMap(group -> operationOf(group) + " as " + group.groupId(), WorkGroup::config));
        assertThat(documented).isEqualTo(coded);
        for (WorkGroup group : WorkGroup.values()) {
            JsonNode ids = contract.operations().path(operationOf(group)).at("/bindings/kafka/groupId/enum");
            assertThat(AsyncApi.words(ids)).containsExactly(group.groupId());
        }
    }

    private static String operationOf(WorkGroup group) {
        String service = switch (group.stage()) {
            case FETCH -> "fetcher";
            case CONVERT -> "converter";
            case PUBLISH -> "publisher";
        };
        return service + "-receives-" + key(group.topic());
    }

    @Test
    void operationsNameTheServiceTheChannelAndItsMessages() {
        Set<String> services = contract.root()
                .at("/info/tags")
                .valueStream()
                .map(tag -> tag.path("name").asString())
                .collect(Collectors.toSet());
        contract.operations().properties().forEach(entry -> {
            JsonNode operation = entry.getValue();
            String service = operation.at("/tags/0/name").asString();
            String channel = AsyncApi.nameIn(operation.path("channel"));
            assertThat(services).contains(service);
            assertThat(entry.getKey())
                    .isEqualTo(service + "-" + operation.path("action").asString() + "s-" + channel);
            for (JsonNode message : operation.path("messages")) {
                assertThat(message.path("$ref").asString()).startsWith("#/channels/" + channel + "/messages/");
                assertThat(contract.follow(message).path("name").asString()).isNotBlank();
            }
        });
    }

    /** What no one writes, or nobody but people reads, is forgotten somewhere. */
    @Test
    void everyMessageIsSentAndReceived() {
        for (String action : List.of("send", "receive")) {
            Set<String> unmoved = new HashSet<>(types().keySet());
            for (JsonNode operation : contract.operations()) {
                if (operation.path("action").asString().equals(action)) {
                    JsonNode some = operation.path("messages");
                    JsonNode all = contract.follow(operation.path("channel")).path("messages");
                    (some.isMissingNode() ? all : some).forEach(message -> unmoved.remove(AsyncApi.nameIn(message)));
                }
            }
            assertThat(unmoved).as(action).isEqualTo(action.equals("send") ? Set.of() : Set.of("DeadLetter"));
        }
    }

    @Test
    void strimziResourcesAreTheSameTopics() throws IOException {
        Map<String, JsonNode> resources = new LinkedHashMap<>();
        try (var documents = new YAMLMapper()
                .readerFor(JsonNode.class)
                .<JsonNode>readValues(Files.readString(Path.of("../k8s/kafka/topics.yaml")))) {
            documents.forEachRemaining(
                    resource -> resources.put(resource.at("/metadata/name").asString(), resource));
        }
        assertThat(resources.keySet())
                .containsExactlyElementsOf(
                        Stream.of(Topic.values()).map(Topic::topicName).toList());
        for (Topic topic : Topic.values()) {
            JsonNode resource = resources.get(topic.topicName());
            JsonNode kafka = channel(topic).at("/bindings/kafka");
            assertThat(resource.path("apiVersion").asString()).isEqualTo("kafka.strimzi.io/v1");
            assertThat(resource.path("kind").asString()).isEqualTo("KafkaTopic");
            assertThat(resource.at("/metadata/labels").has("strimzi.io/cluster"))
                    .isTrue();
            assertThat(resource.at("/spec/topicName").asString()).isEqualTo(topic.topicName());
            assertThat(resource.at("/spec/partitions")).isEqualTo(kafka.path("partitions"));
            assertThat(resource.at("/spec/replicas")).isEqualTo(kafka.path("replicas"));
            assertThat(settings(resource.at("/spec/config"))).isEqualTo(settings(kafka.path("topicConfiguration")));
        }
    }

    private JsonNode channel(Topic topic) {
        return contract.channels().path(key(topic));
    }

    /** A topic's word within the document. */
    private static String key(Topic topic) {
        return topic.topicName().substring("virtualimage.".length());
    }

    private static Map<String, String> settings(JsonNode config) {
        Map<String, String> settings = new LinkedHashMap<>();
        config.properties()
                .forEach(entry -> settings.put(
                        entry.getKey(),
                        entry.getValue().isArray()
                                ? entry.getValue()
                                        .valueStream()
                                        .map(JsonNode::asString)
                                        .collect(Collectors.joining(","))
                                : entry.getValue().asString()));
        return settings;
    }
}
