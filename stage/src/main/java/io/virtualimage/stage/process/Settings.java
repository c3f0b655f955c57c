package io.virtualimage.stage.process;

import java.net.URI;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Settings from environment variables. Reading never throws: what is missing or malformed is collected, so that
 * {@link #check} can name all of it at once, before anything is started.
 */
public final class Settings {
    private static final Pattern BYTES = Pattern.compile("([0-9]+)(Ki|Mi|Gi|Ti)?");
    private static final Pattern SHORT_DURATION = Pattern.compile("([0-9]+)(ms|s|m|h|d)");

    private final Map<String, String> environment;
    private final List<String> problems = new ArrayList<>();

    public Settings(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    /** A text that must be there; empty text counts as missing. */
    public String text(String name) {
        return optional(name).orElseGet(() -> {
            problems.add(name + " is not set");
            return "";
        });
    }

    public String text(String name, String otherwise) {
        return optional(name).orElse(otherwise);
    }

    public Optional<String> optional(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
    }

    public int number(String name, int otherwise, int least, int most) {
        return read(name, otherwise, "a whole number from " + least + " to " + most, value -> {
            int number = Integer.parseInt(value);
            if (number < least || number > most) {
                throw new IllegalArgumentException();
            }
            return number;
        });
    }

    public boolean flag(String name, boolean otherwise) {
        return read(name, otherwise, "true or false", value -> switch (value.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException();
        });
    }

    /** A length of time: {@code 500ms}, {@code 30s}, {@code 5m}, {@code 24h}, {@code 7d}, or ISO 8601. */
    public Duration duration(String name, Duration otherwise) {
        return read(name, otherwise, "a duration such as 500ms, 30s, 5m or PT5M", Settings::parseDuration);
    }

    /** A number of bytes: {@code 1048576}, {@code 64Ki}, {@code 16Mi}, {@code 2Gi}. */
    public long bytes(String name, long otherwise) {
        return read(name, otherwise, "a number of bytes such as 65536, 16Mi or 2Gi", Settings::parseBytes);
    }

    /** A number of bytes within limits, which belong to it. */
    public long bytes(String name, long otherwise, long least, long most) {
        return read(name, otherwise, "a number of bytes from %d to %d".formatted(least, most), value -> {
            long bytes = parseBytes(value);
            if (bytes < least || bytes > most) {
                throw new IllegalArgumentException();
            }
            return bytes;
        });
    }

    /** An address that must be there. */
    public URI uri(String name) {
        URI nowhere = URI.create("http://" + name.toLowerCase(Locale.ROOT) + ".invalid");
        if (optional(name).isEmpty()) {
            problems.add(name + " is not set");
            return nowhere;
        }
        return read(name, nowhere, "an absolute http or https address", value -> {
            URI uri = URI.create(value);
            if (uri.getHost() == null || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                throw new IllegalArgumentException();
            }
            return uri;
        });
    }

    /**
     * To be called when all settings were read.
     *
     * @throws IllegalStateException if any was missing or malformed, naming all of them
     */
    public void check() {
        if (!problems.isEmpty()) {
            throw new IllegalStateException("the settings can't be used: " + String.join("; ", problems));
        }
    }

    private <T> T read(String name, T otherwise, String wanted, Function<String, T> parse) {
        Optional<String> value = optional(name);
        if (value.isEmpty()) {
            return otherwise;
        }
        try {
            return parse.apply(value.get().strip());
        } catch (IllegalArgumentException | ArithmeticException | DateTimeParseException e) {
            problems.add("%s is '%s', but has to be %s".formatted(name, value.get(), wanted));
            return otherwise;
        }
    }

    private static Duration parseDuration(String value) {
        Matcher matcher = SHORT_DURATION.matcher(value);
        if (!matcher.matches()) {
            return Duration.parse(value);
        }
        long amount = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            default -> Duration.ofDays(amount);
        };
    }

    private static long parseBytes(String value) {
        Matcher matcher = BYTES.matcher(value);
        if (!matcher.matches()) {
            throw new IllegalArgumentException();
        }
        long unit = switch (String.valueOf(matcher.group(2))) {
            case "Ki" -> 1L << 10;
            case "Mi" -> 1L << 20;
            case "Gi" -> 1L << 30;
            case "Ti" -> 1L << 40;
            default -> 1;
        };
        return Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
    }
}
