package io.virtualimage.stage.staging;

import io.virtualimage.topics.Incarnation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The staging store for tests and for the protocol simulator: in memory, by the same object layout. */
public final class InMemoryStagingStore implements StagingStore {
    private final SortedMap<String, byte[]> objects = new TreeMap<>();

    @Override
    public synchronized Optional<SegmentFacts> put(
            SegmentKey key, @Nullable String session, int lengthBytes, InputStream body, Overwrite overwrite)
            throws IOException {
        MeasuredBody measured = new MeasuredBody(body, lengthBytes);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (measured.next()) {
            bytes.write(measured.block(), 0, measured.blockLength());
        }
        SegmentFacts facts = measured.facts(session);
        if (facts.allZero()) {
            return Optional.of(facts);
        }
        bytes.write(SegmentTrailer.encode(facts));
        if (overwrite == Overwrite.REFUSE && objects.containsKey(key.objectName())) {
            return Optional.empty();
        }
        objects.put(key.objectName(), bytes.toByteArray());
        return Optional.of(facts);
    }

    @Override
    public synchronized Optional<SegmentFacts> facts(SegmentKey key) {
        return Optional.ofNullable(objects.get(key.objectName()))
                .flatMap(object -> SegmentTrailer.segmentLength(object, object.length, object.length)
                        .map(length -> SegmentTrailer.decode(object, object.length, length)));
    }

    @Override
    public synchronized byte[] read(SegmentKey key, @Nullable String session) throws SegmentLostException {
        Optional<SegmentFacts> facts = facts(key);
        if (facts.isEmpty() || !Objects.equals(facts.get().session(), session)) {
            throw new SegmentLostException(key, "no object " + key.objectName() + " of this stream");
        }
        return Arrays.copyOf(objects.get(key.objectName()), facts.get().lengthBytes());
    }

    @Override
    public synchronized void putDocument(Incarnation image, int epoch, String name, byte[] document) {
        objects.put(documentName(image, epoch, name), document.clone());
    }

    @Override
    public synchronized Optional<byte[]> getDocument(Incarnation image, int epoch, String name) {
        return Optional.ofNullable(objects.get(documentName(image, epoch, name)))
                .map(byte[]::clone);
    }

    private static String documentName(Incarnation image, int epoch, String name) {
        return "%s/%s.%d/meta/%s".formatted(image.uid(), image.version(), epoch, name);
    }

    @Override
    public synchronized void clean(Incarnation image, boolean keepCurrent) {
        objects.keySet().removeIf(name -> {
            StagedVersion version = StagedVersion.parse(name);
            return name.startsWith(image.uid() + "/") && version != null && version.isCovered(image, keepCurrent);
        });
    }

    @Override
    public synchronized List<String> stagedUids() {
        return objects.keySet().stream()
                .map(name -> name.substring(0, name.indexOf('/')))
                .distinct()
                .toList();
    }

    @Override
    public synchronized void cleanAll(String uid) {
        objects.keySet().removeIf(name -> name.startsWith(uid + "/"));
    }

    /** Names of all objects, for tests. */
    public synchronized List<String> objectNames() {
        return List.copyOf(objects.keySet());
    }

    /** Damages an object by one bit, for tests. */
    public synchronized void corrupt(String objectName) {
        Objects.requireNonNull(objects.get(objectName), objectName)[0] ^= 1;
    }
}
