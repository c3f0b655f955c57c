package io.virtualimage.sandbox.components;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KubeApiTest {

    @Test
    void aKubeconfigAloneIsLeftInPeace() {
        assertThat(KubeApi.given(Map.of("KUBECONFIG", "/home/me/.kube/production")))
                .isEmpty();
    }

    @Test
    void aKubeconfigIsTakenWhenThatIsAllowed() {
        assertThat(KubeApi.given(Map.of("KUBECONFIG", "/tmp/kubeconfig", "USE_KUBECONFIG", "true")))
                .contains(Path.of("/tmp/kubeconfig"));
    }

    @Test
    void allowedWithoutAKubeconfigIsAMistake() {
        assertThatThrownBy(() -> KubeApi.given(Map.of("USE_KUBECONFIG", "true")))
                .isInstanceOf(ComponentException.class)
                .hasMessageContaining("KUBECONFIG names no file");
    }
}
