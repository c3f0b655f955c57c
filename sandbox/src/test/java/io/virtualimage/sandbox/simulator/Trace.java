package io.virtualimage.sandbox.simulator;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** What happened lately. Words are made of it only when somebody wants to read them. */
final class Trace {
    private static final int KEPT = 50_000;
    private static final int LONGEST = 260;
    private static final Pattern IMAGE = Pattern.compile(
            "Incarnation\\[namespace=[^,]*, name=[^,]*, uid=([^,]*), generation=([0-9]+), run=([0-9]+)]");
    private static final Pattern LONG_WINDED = Pattern.compile(
            "source=Http\\[[^]]*]], |storage=[A-Z_]+, |crc32c=[0-9]+, |lengthBytes=[0-9]+, |sha256:|header=|image=");

    private record Entry(long step, long millis, String actor, String what, Object detail) {
        @Override
        public String toString() {
            String brief = IMAGE.matcher(String.valueOf(detail)).replaceAll("$1@$2.$3");
            String terse = LONG_WINDED.matcher(brief).replaceAll("");
            return "%6d %8.3fs %-28s %s %s".formatted(step, millis / 1000.0, actor, what, cut(terse));
        }

        private static String cut(String text) {
            return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
        }
    }

    private final Deque<Entry> entries = new ArrayDeque<>();
    private long digest;

    void add(long step, long millis, String actor, String what, Object detail) {
        digest = ((digest * 31 + step) * 31 + millis) * 31 + actor.hashCode() * 31L + what.hashCode();
        entries.add(new Entry(step, millis, actor, what, detail));
        if (entries.size() > KEPT) {
            entries.remove();
        }
    }

    /** The same for two runs that went the same way. */
    long digest() {
        return digest;
    }

    /** The last lines, oldest first. */
    List<String> last(int lines) {
        return last(lines, line -> true);
    }

    List<String> last(int lines, Predicate<String> wanted) {
        List<String> all = entries.stream().map(Entry::toString).filter(wanted).toList();
        return all.subList(Math.max(0, all.size() - lines), all.size());
    }
}
