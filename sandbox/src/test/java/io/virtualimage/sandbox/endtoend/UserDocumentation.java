package io.virtualimage.sandbox.endtoend;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The user documentation's code blocks, in their order. The page is the platform's own, word for word; what is replaced
 * in a command is told by {@link #replacing}, and nothing else is.
 */
final class UserDocumentation {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```([A-Za-z]+)\\n(.*?)^```$");

    private final List<Block> blocks;
    private final Map<String, String> replacements;

    /**
     * A code block.
     *
     * @param language what the page says that it is written in
     * @param text without the fences
     */
    record Block(String language, String text) {
        /** What is to be typed. */
        String command() {
            return String.join("\n", lines().subList(0, end())) + "\n";
        }

        /** What is printed then: the comment at the block's end; empty if there is none. */
        List<String> printed() {
            return lines().subList(end(), lines().size()).stream()
                    .map(line -> line.isEmpty() ? line : line.substring(1).strip())
                    .filter(line -> !line.isEmpty())
                    .toList();
        }

        private List<String> lines() {
            return text.lines().toList();
        }

        /** Behind the last line that is no comment. */
        private int end() {
            List<String> lines = lines();
            int end = lines.size();
            while (end > 0
                    && (lines.get(end - 1).isEmpty() || lines.get(end - 1).startsWith("#"))) {
                end--;
            }
            return end;
        }
    }

    private UserDocumentation(List<Block> blocks, Map<String, String> replacements) {
        this.blocks = List.copyOf(blocks);
        this.replacements = replacements;
    }

    static UserDocumentation read() {
        try (InputStream page = UserDocumentation.class.getResourceAsStream("/userdoc/images.ru.md")) {
            String text = new String(Objects.requireNonNull(page).readAllBytes(), StandardCharsets.UTF_8);
            List<Block> blocks = new ArrayList<>();
            Matcher matcher = BLOCK.matcher(text);
            while (matcher.find()) {
                blocks.add(new Block(matcher.group(1), matcher.group(2)));
            }
            return new UserDocumentation(blocks, Map.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same page with one text instead of another, in all commands. */
    UserDocumentation replacing(String documented, String here) {
        Map<String, String> more = new LinkedHashMap<>(replacements);
        more.put(documented, here);
        return new UserDocumentation(blocks, more);
    }

    int size() {
        return blocks.size();
    }

    /** A block as it is to be done here. */
    Block block(int index) {
        Block block = blocks.get(index);
        String text = block.text();
        for (Map.Entry<String, String> each : replacements.entrySet()) {
            text = text.replace(each.getKey(), each.getValue());
        }
        return new Block(block.language(), text);
    }
}
