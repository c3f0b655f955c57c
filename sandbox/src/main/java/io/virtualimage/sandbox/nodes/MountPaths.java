package io.virtualimage.sandbox.nodes;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Where a container's paths are on this machine. Without a namespace of mounts a container sees the machine's files, so
 * its paths are replaced in what it is told: wherever one occurs as a whole or as the beginning of a path. Not within
 * another path ({@code /mnt/data}, {@code $HOME/data}), nor as part of a longer name ({@code /data.old}). A program that
 * has the path built in finds nothing there.
 */
final class MountPaths {
    private final Map<String, Path> targets;
    private final Pattern pattern;

    /**
     * Knows these places.
     *
     * @param targets the folder, file or device on this machine, by the absolute path within the container
     */
    MountPaths(Map<String, Path> targets) {
        this.targets = new TreeMap<>(Comparator.comparingInt(String::length)
                .reversed()
                .thenComparing(Comparator.naturalOrder())); // the longest first: mounts may lie within each other
        targets.forEach((path, target) -> this.targets.put(normal(path), target));
        String paths = this.targets.keySet().stream().map(Pattern::quote).collect(Collectors.joining("|"));
        pattern = Pattern.compile("(?<![\\w.~/)}*?\\]$+%@\\\\-])(" + paths + ")(?![\\w.~+%@-])");
    }

    private static String normal(String path) {
        String stripped = path.replaceAll("/+$", "");
        if (!stripped.startsWith("/")) {
            throw new UnsupportedPodException(
                    "a volume is mounted at '" + path + "', which is no absolute path but '/'");
        }
        return stripped;
    }

    String onThisMachine(String text) {
        if (targets.isEmpty()) {
            return text;
        }
        return pattern.matcher(text)
                .replaceAll(found -> Matcher.quoteReplacement(String.valueOf(targets.get(found.group(1)))));
    }
}
