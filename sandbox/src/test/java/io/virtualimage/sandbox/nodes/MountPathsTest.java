package io.virtualimage.sandbox.nodes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MountPathsTest {
    private final MountPaths paths = new MountPaths(Map.of(
            "/data", Path.of("/vol/a$1"),
            "/data/inner/", Path.of("/vol/data"),
            "/dev/disk", Path.of("/vol/device")));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/data                          | /vol/a$1",
                "/data/                         | /vol/a$1/",
                "/data/disk.img                 | /vol/a$1/disk.img",
                "/data/inner                    | /vol/data",
                "/data/inner/x                  | /vol/data/x",
                "/data/inner.old                | /vol/a$1/inner.old",
                "--out=/data/x,/dev/disk        | --out=/vol/a$1/x,/vol/device",
                "cat '/data/a' >/data/b;ls /data;| cat '/vol/a$1/a' >/vol/a$1/b;ls /vol/a$1;",
                "[/data:/dev/disk]              | [/vol/a$1:/vol/device]",
            })
    void replacesAPathAndWhatBeginsWithIt(String text, String replaced) {
        assertThat(paths.onThisMachine(text)).isEqualTo(replaced);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/database",
                "/data.img",
                "/data-2",
                "/mnt/data",
                "$HOME/data",
                "${X}/data",
                "$(pwd)/data",
                "../data",
                "~/data",
                "*/data",
                "http://host/data",
                "/dev/disk0",
                "data"
            })
    void leavesOtherPathsAlone(String text) {
        assertThat(paths.onThisMachine(text)).isEqualTo(text);
    }

    @Test
    void withoutVolumesNothingIsReplaced() {
        assertThat(new MountPaths(Map.of()).onThisMachine("/data")).isEqualTo("/data");
    }

    @Test
    void aVolumeInPlaceOfTheRootIsRefused() {
        assertThatThrownBy(() -> new MountPaths(Map.of("/", Path.of("/vol"))))
                .isInstanceOf(UnsupportedPodException.class)
                .hasMessageContaining("mounted at '/'");
    }
}
