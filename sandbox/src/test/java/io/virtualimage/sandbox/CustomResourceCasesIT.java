package io.virtualimage.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.sandbox.components.Components;
import io.virtualimage.sandbox.components.KubeApi;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the API server accepts and refuses by the definition of the resource: the files {@code cases/*.yaml} of the
 * module {@code k8s}, each a test. A file's name says what is done with it ({@link Kind}); comments in it say what is
 * expected: {@code # message: TEXT}, part of the refusal, or {@code # expect: POINTER = JSON}, of the accepted object
 * ({@code absent} for no such field).
 */
@ExtendWith(Components.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CustomResourceCasesIT {
    private static final String NAMESPACE = "custom-resource-cases";
    private static final ResourceDefinitionContext RESOURCE = new ResourceDefinitionContext.Builder()
            .withGroup(WellKnown.GROUP)
            .withVersion(WellKnown.VERSION)
            .withKind(WellKnown.KIND)
            .withPlural(WellKnown.PLURAL)
            .withNamespaced(true)
            .build();

    private final KubernetesSerialization serialization = new KubernetesSerialization();
    private KubernetesClient client;

    /** What is done with a case, by the beginning of its file's name. */
    private enum Kind {
        VALID("valid-", 1),
        INVALID("invalid-", 1),
        STATUS_VALID("status-valid-", 2),
        STATUS_INVALID("status-invalid-", 2),
        UPDATE_VALID("update-valid-", 3),
        UPDATE_INVALID("update-invalid-", 3);

        private final String prefix;

        /** The object; if 2, the status to write then; if 3, the spec to change then. */
        private final int documents;

        Kind(String prefix, int documents) {
            this.prefix = prefix;
            this.documents = documents;
        }

        static Kind of(String file) {
            return Arrays.stream(values())
                    .filter(kind -> file.startsWith(kind.prefix) && file.endsWith(".yaml"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("nothing runs " + file));
        }

        boolean refused() {
            return switch (this) {
                case INVALID, STATUS_INVALID, UPDATE_INVALID -> true;
                case VALID, STATUS_VALID, UPDATE_VALID -> false;
            };
        }
    }

    @BeforeAll
    void installDefinition(KubeApi api, @TempDir Path folder) throws IOException {
        Path definition = folder.resolve("definition.yaml");
        try (InputStream yaml = WellKnown.class.getResourceAsStream(WellKnown.CUSTOM_RESOURCE_DEFINITION)) {
            Files.copy(Objects.requireNonNull(yaml), definition);
        }
        api.apply(definition);
        client = api.newClient();
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(NAMESPACE)
                        .endMetadata()
                        .build())
                .serverSideApply();
        client.genericKubernetesResources(RESOURCE).inNamespace(NAMESPACE).delete();
    }

    @AfterAll
    void close() {
        if (client != null) {
            client.close();
        }
    }

    @TestFactory
    List<DynamicTest> cases() throws Exception {
        URI known = Objects.requireNonNull(getClass().getResource("/cases/valid-storage-default.yaml"))
                .toURI();
        if (known.getScheme().equals("jar")) {
            try (FileSystem jar = FileSystems.newFileSystem(known, Map.of())) {
                return casesIn(jar.getPath("cases"));
            }
        }
        return casesIn(Path.of(known).getParent());
    }

    private List<DynamicTest> casesIn(Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.sorted().toList();
        }
        assertThat(files).hasSizeGreaterThan(40);
        List<DynamicTest> tests = new ArrayList<>();
        for (Path file : files) {
            String text = Files.readString(file);
            String name = file.getFileName().toString();
            tests.add(DynamicTest.dynamicTest(name, () -> run(Kind.of(name), name, text)));
        }
        return tests;
    }

    private void run(Kind kind, String name, String text) {
        List<GenericKubernetesResource> documents = Pattern.compile("^---\n", Pattern.MULTILINE)
                .splitAsStream(text)
                .map(document -> serialization.unmarshal(document, GenericKubernetesResource.class))
                .toList();
        assertThat(documents).as("documents of " + name).hasSize(kind.documents);
        assertThat(expectations(text, "message")).as("messages of " + name).hasSize(kind.refused() ? 1 : 0);

        if (!kind.refused()) {
            GenericKubernetesResource accepted = carryOut(kind.documents, documents);
            Object tree = serialization.unmarshal(serialization.asJson(accepted), Map.class);
            expectations(text, "expect").forEach(expectation -> check(name, tree, expectation));
            return;
        }
        // All steps but the last are the way to it, and must be taken without a refusal.
        GenericKubernetesResource before = kind.documents == 1 ? null : carryOut(kind.documents - 1, documents);
        KubernetesClientException refusal =
                catchThrowableOfType(KubernetesClientException.class, () -> step(kind.documents, before, documents));
        assertThat(refusal).as("refusal of " + name).isNotNull();
        assertThat(refusal.getCode()).as(name).isEqualTo(422);
        assertThat(refusal.getStatus().getMessage())
                .as(name)
                .contains(expectations(text, "message").getFirst());
    }

    private GenericKubernetesResource carryOut(int steps, List<GenericKubernetesResource> documents) {
        GenericKubernetesResource object = null;
        for (int step = 1; step <= steps; step++) {
            object = step(step, object, documents);
        }
        return object;
    }

    private GenericKubernetesResource step(
            int step, GenericKubernetesResource before, List<GenericKubernetesResource> documents) {
        GenericKubernetesResource document = documents.get(step - 1);
        return switch (step) {
            case 1 ->
                client.genericKubernetesResources(RESOURCE)
                        .inNamespace(NAMESPACE)
                        .resource(document)
                        .create();
            case 2 -> {
                before.setAdditionalProperty("status", document.get("status"));
                yield client.genericKubernetesResources(RESOURCE)
                        .inNamespace(NAMESPACE)
                        .resource(before)
                        .updateStatus();
            }
            case 3 -> {
                before.setAdditionalProperty("spec", document.get("spec"));
                yield client.genericKubernetesResources(RESOURCE)
                        .inNamespace(NAMESPACE)
                        .resource(before)
                        .update();
            }
            default -> throw new AssertionError("no step " + step);
        };
    }

    private static List<String> expectations(String text, String directive) {
        return Pattern.compile("^# " + directive + ": (.+)$", Pattern.MULTILINE)
                .matcher(text)
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    private void check(String name, Object tree, String expectation) {
        Matcher parts = Pattern.compile("(/\\S+) = (.+)").matcher(expectation);
        assertThat(parts.matches()).as(expectation).isTrue();
        Object found = tree;
        for (String field : parts.group(1).substring(1).split("/", -1)) {
            found = switch (found) {
                case Map<?, ?> map -> map.get(field);
                case List<?> list -> list.get(Integer.parseInt(field));
                case null, default -> null;
            };
        }
        Object expected =
                parts.group(2).equals("absent") ? null : serialization.unmarshal(parts.group(2), Object.class);
        assertThat(found instanceof Number number ? number.longValue() : found)
                .as(name + ": " + expectation)
                .isEqualTo(expected instanceof Number number ? number.longValue() : expected);
    }

    @Test
    void columnsAreThoseThatUsersSee() throws Exception {
        var http = client.getHttpClient();
        String url = client.getMasterUrl() + "apis/" + WellKnown.GROUP + "/" + WellKnown.VERSION + "/namespaces/"
                + NAMESPACE + "/" + WellKnown.PLURAL;
        var answer = http.sendAsync(
                        http.newHttpRequestBuilder()
                                .uri(url)
                                .setHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
                                .build(),
                        String.class)
                .get();

        assertThat(answer.code()).isEqualTo(200);
        Map<?, ?> table = serialization.unmarshal(answer.body(), Map.class);
        assertThat((List<?>) table.get("columnDefinitions"))
                .extracting(column -> ((Map<?, ?>) column).get("priority") + " " + ((Map<?, ?>) column).get("name"))
                .containsExactly(
                        "0 Name",
                        "0 Phase",
                        "0 CDROM",
                        "0 Progress",
                        "1 StoredSize",
                        "1 UnpackedSize",
                        "1 Registry URL",
                        "1 TargetPVC",
                        "0 Age");
    }
}
