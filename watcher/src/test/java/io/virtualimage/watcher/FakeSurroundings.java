package io.virtualimage.watcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Objects in a map. Images may look only for what they said that they follow, if they said so. */
final class FakeSurroundings implements Surroundings {
    final Map<String, Set<Dependency>> followed = new HashMap<>();
    private final Map<Dependency, Referent> objects = new HashMap<>();
    private final Map<Dependency.Kind, Lookup> answers = new TreeMap<>();

    /** An object of generation 1, with its status in YAML. */
    FakeSurroundings with(Dependency.Kind kind, String name, String status) {
        return with(kind, new Referent(name, "uid-" + name, 1, false, Map.of(), yaml(status)));
    }

    FakeSurroundings with(Dependency.Kind kind, Referent object) {
        objects.put(new Dependency(kind, kind.namespaced() ? "ns" : null, object.name()), object);
        return this;
    }

    FakeSurroundings without(Dependency.Kind kind, String name) {
        assertThat(objects.remove(new Dependency(kind, kind.namespaced() ? "ns" : null, name)))
                .isNotNull();
        return this;
    }

    /** Whatever there is of the kind, this is the answer; until {@link #answering} is asked for. */
    FakeSurroundings answering(Dependency.Kind kind, Lookup answer) {
        answers.put(kind, answer);
        return this;
    }

    FakeSurroundings answering(Dependency.Kind kind) {
        answers.remove(kind);
        return this;
    }

    /** What the API server says that it has, which the caches are late with; this one, if it is null. */
    @Nullable
    FakeSurroundings ahead;

    @Override
    public Surroundings live() {
        return ahead == null ? this : ahead;
    }

    private static Map<String, ?> yaml(String yaml) {
        @SuppressWarnings("unchecked") // JSON
        Map<String, ?> map = new KubernetesSerialization().unmarshal("---\n" + yaml, Map.class); // else braces are JSON
        return map == null ? Map.of() : map;
    }

    @Override
    public void follow(String uid, Set<Dependency> dependencies) {
        followed.put(uid, dependencies);
    }

    @Override
    public Lookup look(Dependency dependency) {
        assertThat(followed.values())
                .satisfiesAnyOf(
                        none -> assertThat(none).isEmpty(),
                        all -> assertThat(all)
                                .anySatisfy(each -> assertThat(each).contains(dependency)));
        Lookup answer = answers.get(dependency.kind());
        if (answer != null) {
            return answer;
        }
        List<Referent> found = objects.entrySet().stream()
                .filter(entry -> entry.getKey().kind() == dependency.kind()
                        && Objects.equals(entry.getKey().namespace(), dependency.namespace())
                        && (dependency.name() == null
                                || dependency.name().equals(entry.getKey().name())))
                .map(Map.Entry::getValue)
                .toList();
        return new Lookup.Known(found);
    }
}
