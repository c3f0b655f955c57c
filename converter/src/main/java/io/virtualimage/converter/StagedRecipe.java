package io.virtualimage.converter;

import io.virtualimage.disk.recipe.PartStore;
import io.virtualimage.stage.staging.RecipeDocuments;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import java.io.IOException;
import java.util.Optional;

/** The documents of a recipe in staging. */
record StagedRecipe(RecipeDocuments documents) implements PartStore {
    /** Opens a recipe that was announced, or looks into it. One that is damaged is as good as lost. */
    interface Reading<T> {
        T run() throws IOException;
    }

    /** @throws HaltedException if it can't be read; the cause says why */
    <T> T read(Reading<T> reading) throws HaltedException {
        try {
            return reading.run();
        } catch (HaltedException e) {
            throw e;
        } catch (IOException e) {
            throw new HaltedException(documents.lost(String.valueOf(e.getMessage())));
        }
    }

    @Override
    public void put(String name, byte[] document) throws IOException {
        try {
            documents.put(name, document);
        } catch (StagingUnavailableException | InterruptedException e) {
            throw new HaltedException(e);
        }
    }

    /** Only documents that must be there are asked for. */
    @Override
    public Optional<byte[]> get(String name) throws IOException {
        try {
            return Optional.of(documents.get(name).orElseThrow(() -> documents.lost("there is no document " + name)));
        } catch (SegmentLostException | StagingUnavailableException | InterruptedException e) {
            throw new HaltedException(e);
        }
    }
}
