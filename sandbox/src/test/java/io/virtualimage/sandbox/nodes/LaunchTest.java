package io.virtualimage.sandbox.nodes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LaunchTest {
    private static final MountPaths PATHS = new MountPaths(Map.of("/data", Path.of("/vol/data")));

    @Test
    void variablesStandForThoseBeforeThemAndPathsAreReplacedLast() {
        Launch launch = Launch.of(
                new ContainerBuilder()
                        .withName("c")
                        .withCommand("copy", "$(FILE)")
                        .withArgs("--secret=$(SECRET)", "$(PATH)")
                        .build(),
                Map.of("PATH", "/bin", "HOME", "/data"),
                List.of(
                        new Launch.Variable("FOLDER", "/data", true),
                        new Launch.Variable("FILE", "$(FOLDER)/x-$(LATER)", true),
                        new Launch.Variable("LATER", "y", true),
                        new Launch.Variable("SECRET", "$(FOLDER)", false)),
                PATHS);

        assertThat(launch.command()).containsExactly("copy", "/vol/data/x-$(LATER)", "--secret=$(FOLDER)", "$(PATH)");
        assertThat(launch.environment())
                .isEqualTo(Map.of(
                        "PATH", "/bin",
                        "HOME", "/data",
                        "FOLDER", "/vol/data",
                        "FILE", "/vol/data/x-$(LATER)",
                        "LATER", "y",
                        "SECRET", "$(FOLDER)"));
    }

    @Test
    void anImagesEntryPointIsNotKnown() {
        assertThatThrownBy(() -> Launch.of(
                        new ContainerBuilder()
                                .withName("main")
                                .withImage("busybox")
                                .build(),
                        Map.of(),
                        List.of(),
                        PATHS))
                .isInstanceOf(UnsupportedPodException.class)
                .hasMessageContaining("container main has no command");
    }
}
