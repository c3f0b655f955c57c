package io.virtualimage.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the definition and the Java types to each other. */
class CustomResourceDefinitionTest {
    private final Map<?, ?> definition = read();
    private final Map<?, ?> names = at(definition, "spec", "names");
    private final Map<?, ?> version =
            (Map<?, ?>) ((List<?>) at(definition, "spec").get("versions")).getFirst();
    private final Map<?, ?> root = at(version, "schema", "openAPIV3Schema");

    private static Map<?, ?> read() {
        try (InputStream yaml =
                CustomResourceDefinitionTest.class.getResourceAsStream(WellKnown.CUSTOM_RESOURCE_DEFINITION)) {
            return new KubernetesSerialization().unmarshal(yaml, Map.class);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void namesAreThoseOfTheClass() {
        assertThat(at(definition, "metadata").get("name")).isEqualTo(CustomResource.getCRDName(VirtualImage.class));
        assertThat(at(definition, "spec").get("group")).isEqualTo(WellKnown.GROUP);
        assertThat(version.get("name")).isEqualTo(WellKnown.VERSION);
        assertThat(names.get("kind")).isEqualTo(WellKnown.KIND);
        assertThat(names.get("plural")).isEqualTo(WellKnown.PLURAL);
        assertThat(names.get("shortNames")).isEqualTo(List.of(CustomResource.getShortNames(VirtualImage.class)));
        assertThat(names.get("categories")).isEqualTo(List.of("virtualization"));
    }

    @Test
    void enumsAreThoseOfTheTypes() {
        assertValues(Arrays.stream(Storage.values()).map(Storage::wire), "spec", "storage");
        assertValues(Arrays.stream(DataSourceType.values()).map(DataSourceType::wire), "spec", "dataSource", "type");
        assertValues(
                Arrays.stream(ObjectRefKind.values()).map(ObjectRefKind::wire),
                "spec",
                "dataSource",
                "objectRef",
                "kind");
        assertValues(Arrays.stream(Phase.values()).map(Phase::wire), "status", "phase");
    }

    @Test
    void theRuleOfTheFixedSpecNamesThePhasesThatFixIt() {
        String rules = root.get("x-kubernetes-validations").toString();
        assertThat(Phase.values())
                .allSatisfy(phase ->
                        assertThat(rules.contains("'" + phase.wire() + "'")).isEqualTo(phase.fixesSpec()));
    }

    @Test
    void fieldsAreThoseOfTheRecords() {
        assertFields(VirtualImageSpec.class, "spec");
        assertFields(VirtualImageSpec.ClaimSettings.class, "spec", "persistentVolumeClaim");
        assertFields(DataSource.class, "spec", "dataSource");
        assertFields(Origin.Http.class, "spec", "dataSource", "http");
        assertFields(Checksum.class, "spec", "dataSource", "http", "checksum");
        assertFields(Origin.ContainerImage.class, "spec", "dataSource", "containerImage");
        assertFields(Origin.PullSecret.class, "spec", "dataSource", "containerImage", "imagePullSecret");
        assertFields(Origin.ObjectRef.class, "spec", "dataSource", "objectRef");
        assertFields(Origin.Upload.class, "spec", "dataSource", "upload");
        assertFields(VirtualImageStatus.class, "status");
        assertFields(VirtualImageStatus.Size.class, "status", "size");
        assertFields(VirtualImageStatus.DownloadSpeed.class, "status", "downloadSpeed");
        assertFields(VirtualImageStatus.Target.class, "status", "target");
        assertFields(VirtualImageStatus.UploadUrls.class, "status", "imageUploadURLs");
    }

    /** Without limits the API server can't bound what comparing two specs costs, and refuses the definition. */
    @Test
    void everyStringIsLimited() {
        assertLimited("spec", schema("spec"));
        assertLimited("status", schema("status"));
    }

    private static void assertLimited(String path, Map<?, ?> schema) {
        if ("string".equals(schema.get("type"))
                && !schema.containsKey("enum")
                && !"date-time".equals(schema.get("format"))) {
            assertThat(schema.containsKey("maxLength"))
                    .as("maxLength of " + path)
                    .isTrue();
        }
        if (schema.get("properties") instanceof Map<?, ?> properties) {
            properties.forEach((name, inner) -> assertLimited(path + "." + name, (Map<?, ?>) inner));
        }
        if (schema.get("items") instanceof Map<?, ?> items) {
            assertThat(schema.containsKey("maxItems")).as("maxItems of " + path).isTrue();
            assertLimited(path + "[]", items);
        }
    }

    private void assertValues(Stream<String> values, String... path) {
        assertThat((List<?>) schema(path).get("enum"))
                .map(Object::toString)
                .containsExactlyInAnyOrderElementsOf(values.toList());
    }

    private void assertFields(Class<? extends Record> type, String... path) {
        assertThat(at(schema(path), "properties").keySet())
                .map(Object::toString)
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(type.getRecordComponents())
                        .map(RecordComponent::getName)
                        .toList());
    }

    private Map<?, ?> schema(String... path) {
        Map<?, ?> schema = root;
        for (String name : path) {
            schema = at(schema, "properties", name);
        }
        return schema;
    }

    private static Map<?, ?> at(Map<?, ?> tree, String... path) {
        Map<?, ?> found = tree;
        for (String name : path) {
            found = (Map<?, ?>) found.get(name);
        }
        return found;
    }
}
