package io.virtualimage.stage.staging;

class InMemoryStagingStoreTest extends StagingStoreContract {
    private final InMemoryStagingStore store = new InMemoryStagingStore();

    @Override
    protected StagingStore store() {
        return store;
    }
}
