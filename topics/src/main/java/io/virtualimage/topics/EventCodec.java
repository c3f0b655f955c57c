package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes events as CloudEvents 1.0 in structured JSON, so that {@code kcat | jq} shows all of it, and reads them back.
 * Unknown members are ignored, and so are events of unknown types: that is how the contract may grow.
 */
public final class EventCodec {
    /** What every {@code type} begins with; the simple name of the record follows. */
    public static final String TYPE_PREFIX = "io.virtualimage.";

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .changeDefaultPropertyInclusion(inclusion -> inclusion.withValueInclusion(JsonInclude.Include.NON_NULL))
            .build();

    /** Reads events: nothing that a record demands may be missing. */
    private static final JsonMapper READER =
            MAPPER.rebuild().annotationIntrospector(new RequiredComponents()).build();

    private static final Map<String, Class<? extends Event>> TYPES = eventTypes();

    /** The JSON mapper of all our own documents: nulls left out, members in the order of their declaration. */
    public static JsonMapper mapper() {
        return MAPPER;
    }

    /** Every event type by its simple name. */
    public static Map<String, Class<? extends Event>> types() {
        return TYPES;
    }

    private final String source;

    /** @param source the CloudEvents source, a URI reference: {@code /fetcher/<replica>} */
    public EventCodec(String source) {
        this.source = source;
    }

    public byte[] encode(Event event, Instant time) {
        return encode(event.getClass().getSimpleName(), event.image().subject(), event, time);
    }

    public byte[] encode(DeadLetter letter, Instant time) {
        return encode(DeadLetter.class.getSimpleName(), letter.topic(), letter, time);
    }

    private byte[] encode(String type, String subject, Object data, Instant time) {
        Envelope envelope = new Envelope(
                "1.0",
                UUID.randomUUID().toString(),
                source,
                TYPE_PREFIX + type,
                subject,
                time,
                "application/json",
                MAPPER.valueToTree(data));
        return MAPPER.writeValueAsBytes(envelope);
    }

    /** An event with the time it was said at. */
    public record Decoded(Event event, Instant time) {}

    /**
     * Reads one event.
     *
     * @return empty for a CloudEvent of a type that this version doesn't know
     * @throws UndecodableEventException if the bytes are no CloudEvent, or not one that its type allows
     */
    public static Optional<Decoded> decode(byte[] bytes) throws UndecodableEventException {
        try {
            Envelope envelope = MAPPER.readValue(bytes, Envelope.class);
            if (envelope.type == null || envelope.data == null || envelope.time == null) {
                throw new UndecodableEventException("no CloudEvent: type, time or data is missing in "
                        + abbreviate(new String(bytes, StandardCharsets.UTF_8)));
            }
            Class<? extends Event> type = envelope.type.startsWith(TYPE_PREFIX)
                    ? TYPES.get(envelope.type.substring(TYPE_PREFIX.length()))
                    : null;
            return type == null
                    ? Optional.empty()
                    : Optional.of(new Decoded(READER.treeToValue(envelope.data, type), envelope.time));
        } catch (JacksonException | IllegalArgumentException e) {
            throw new UndecodableEventException("no event of ours: " + e.getMessage(), e);
        }
    }

    private static String abbreviate(String text) {
        return text.length() <= 200 ? text : text.substring(0, 200) + "…";
    }

    private static Map<String, Class<? extends Event>> eventTypes() {
        Map<String, Class<? extends Event>> types = new LinkedHashMap<>();
        Deque<Class<?>> open = new ArrayDeque<>();
        open.add(Event.class);
        while (!open.isEmpty()) {
            Class<?> next = open.remove();
            if (next.isRecord()) {
                types.put(next.getSimpleName(), next.asSubclass(Event.class));
            } else {
                open.addAll(List.of(next.getPermittedSubclasses()));
            }
        }
        return Map.copyOf(types);
    }

    /** The CloudEvents context attributes (specification 1.0, section 3). */
    private record Envelope(
            @Nullable String specversion,
            @Nullable String id,
            @Nullable String source,
            @Nullable String type,
            @Nullable String subject,
            @Nullable Instant time,
            @Nullable String datacontenttype,
            @Nullable JsonNode data) {}
}
