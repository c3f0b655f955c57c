package io.virtualimage.publisher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.oci.Tag;
import io.virtualimage.topics.Incarnation;
import org.junit.jupiter.api.Test;

class PublicNamesTest {
    private static final PublicNames NAMES = new PublicNames("registry.example:5000", "vi");
    private static final String UID = "5d2a7b1e-0f9c-4c53-9a57-0b9b6f0f2d11";

    private static Incarnation image(String namespace, String name, long generation, long run) {
        return new Incarnation(namespace, name, UID, generation, run);
    }

    @Test
    void urlIsRegistryRepositoryTag() {
        assertThat(NAMES.url(image("team", "cirros", 1, 0))).isEqualTo("registry.example:5000/vi/team/cirros:" + UID);
        assertThat(NAMES.url(image("team", "a.b-c", 2, 3)))
                .isEqualTo("registry.example:5000/vi/team/a.b-c:" + UID + "-2-3");
        assertThat(new PublicNames("r", "virt/images").url(image("n", "i", 1, 0)))
                .isEqualTo("r/virt/images/n/i:" + UID);
    }

    @Test
    void claimsAreNamedAfterTheImage() {
        assertThat(PublicNames.claim(image("team", "cirros", 1, 0))).isEqualTo("d8v-vi-cirros-" + UID);
        assertThat(PublicNames.claim(image("team", "a.b-c", 2, 3))).isEqualTo("d8v-vi-a.b-c-" + UID + "-2-3");
        assertThat(PublicNames.claim(image("team", "x".repeat(253), 1, 0)))
                .isEqualTo("d8v-vi-" + "x".repeat(195) + "-" + UID);
        for (int i = 185; i < 200; i++) {
            assertThat(PublicNames.claim(image("team", "a".repeat(i) + ".b" + "-".repeat(3) + "c", 1, 0)))
                    .hasSizeLessThanOrEqualTo(239)
                    .matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
        }
    }

    @Test
    void longNamesAreCutAndStayDifferent() {
        String namespace = "n".repeat(63);
        String one = "a".repeat(170) + "." + "b".repeat(70);
        String other = "a".repeat(170) + "." + "b".repeat(69) + "c";
        String cut = NAMES.repository(image(namespace, one, 1, 0)).name();
        assertThat(cut).hasSizeLessThanOrEqualTo(255).startsWith("vi/" + namespace + "/aaaa");
        assertThat(NAMES.repository(image(namespace, one, 7, 0)).name()).isEqualTo(cut);
        assertThat(NAMES.repository(image(namespace, other, 1, 0)).name()).isNotEqualTo(cut);
        // Cut at a separator, the name must still be one.
        for (int i = 165; i < 175; i++) {
            String name = "a".repeat(i) + ".-".substring(i % 2, i % 2 + 1) + "b".repeat(80);
            assertThat(NAMES.repository(image(namespace, name, 1, 0)).name()).hasSizeBetween(250, 255);
        }
        assertThat(NAMES.repository(image("n".repeat(63), "x".repeat(188), 1, 0))
                        .name())
                .isEqualTo("vi/" + namespace + "/" + "x".repeat(188));
    }

    @Test
    void tagsTellVersions() {
        Incarnation image = image("team", "cirros", 4, 0);
        assertThat(PublicNames.version(image, new Tag(UID))).contains(image("team", "cirros", 1, 0));
        assertThat(PublicNames.version(image, new Tag(UID + "-12-3"))).contains(image("team", "cirros", 12, 3));
        for (String other : new String[] {
            "x",
            UID + "-",
            UID + "-1",
            UID + "-0-1",
            UID + "-1-01",
            UID + "1-1-1",
            UID + "-1-1-1",
            UID + "-99999999999999999999-1"
        }) {
            assertThat(PublicNames.version(image, new Tag(other))).as(other).isEmpty();
        }
        Incarnation later = image("team", "cirros", 12, 3);
        assertThat(PublicNames.version(image, NAMES.tag(later))).contains(later);
    }

    @Test
    void refusesWhatCanNeverBeAName() {
        assertThatThrownBy(() -> new PublicNames("", "vi")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new PublicNames("https://r", "vi")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new PublicNames("r", "Vi")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new PublicNames("r", "vi/")).isInstanceOf(IllegalArgumentException.class);
    }
}
