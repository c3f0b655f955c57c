package io.virtualimage.disk.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What follows a command's name: options by name, each at most once, and the rest. Options may stand anywhere; after
 * {@code --} there are none.
 */
final class Arguments {
    private final Map<String, String> options = new HashMap<>();
    private final List<String> files = new ArrayList<>();

    private Arguments() {}

    /**
     * Sorts arguments. {@code -O raw} and {@code -Oraw} are the same, as are {@code --output json} and {@code
     * --output=json}.
     *
     * @param valued options that have a value, with their dashes
     * @param flags options that have none
     */
    static Arguments parse(List<String> arguments, Set<String> valued, Set<String> flags) throws UsageException {
        Arguments parsed = new Arguments();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (argument.equals("--")) {
                parsed.files.addAll(arguments.subList(i + 1, arguments.size()));
                break;
            }
            if (!argument.startsWith("-") || argument.equals("-")) {
                parsed.files.add(argument);
                continue;
            }
            int nameEnd = nameEnd(argument);
            String name = argument.substring(0, nameEnd);
            if (flags.contains(argument)) {
                parsed.put(argument, "");
            } else if (!valued.contains(name)) {
                throw new UsageException("there is no option '%s' here".formatted(argument));
            } else if (nameEnd < argument.length()) {
                parsed.put(name, argument.substring(argument.startsWith("--") ? nameEnd + 1 : nameEnd));
            } else if (++i < arguments.size()) {
                parsed.put(name, arguments.get(i));
            } else {
                throw new UsageException("the option '%s' needs a value".formatted(name));
            }
        }
        return parsed;
    }

    private static int nameEnd(String argument) {
        if (!argument.startsWith("--")) {
            return 2;
        }
        int equals = argument.indexOf('=');
        return equals < 0 ? argument.length() : equals;
    }

    private void put(String name, String value) throws UsageException {
        if (options.put(name, value) != null) {
            throw new UsageException("the option '%s' is given twice".formatted(name));
        }
    }

    boolean has(String flag) {
        return options.containsKey(flag);
    }

    @Nullable
    String value(String name) {
        return options.get(name);
    }

    String value(String name, String otherwise) {
        return options.getOrDefault(name, otherwise);
    }

    /** Whether {@code --output} asks for JSON. */
    boolean wantsJson() throws UsageException {
        String output = value("--output", "human");
        if (!output.equals("json") && !output.equals("human")) {
            throw new UsageException("the output is 'human' or 'json', not '%s'".formatted(output));
        }
        return output.equals("json");
    }

    /** What is left when the options are taken away. */
    List<String> files(int count, String what) throws UsageException {
        if (files.size() != count) {
            throw new UsageException("expected %s, got %d".formatted(what, files.size()));
        }
        return files;
    }
}
