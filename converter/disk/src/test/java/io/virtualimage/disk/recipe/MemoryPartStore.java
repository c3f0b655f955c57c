package io.virtualimage.disk.recipe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Keeps documents, and the order in which they were put. */
public final class MemoryPartStore implements PartStore {
    private final Map<String, byte[]> documents = new LinkedHashMap<>();

    @Override
    public void put(String name, byte[] document) {
        documents.remove(name);
        documents.put(name, document.clone());
    }

    @Override
    public Optional<byte[]> get(String name) {
        return Optional.ofNullable(documents.get(name)).map(byte[]::clone);
    }

    public List<String> names() {
        return new ArrayList<>(documents.keySet());
    }

    public long totalBytes() {
        return documents.values().stream()
                .mapToLong(document -> document.length)
                .sum();
    }
}
