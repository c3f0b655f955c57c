package io.virtualimage.sandbox.stage;

import io.virtualimage.sandbox.components.Components;
import io.virtualimage.sandbox.components.MinioServer;
import io.virtualimage.sandbox.components.ObjectStore;
import io.virtualimage.sandbox.components.S3ProxyStore;
import io.virtualimage.stage.staging.S3StagingStore;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingStoreContract;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the stages expect of staging, on the object stores that the sandbox offers. */
@ExtendWith(Components.class)
class StagingStoreIT {

    @Nested
    class OnS3Proxy extends OnRealStore {
        OnS3Proxy(S3ProxyStore store) {
            super(store);
        }
    }

    @Nested
    class OnMinio extends OnRealStore {
        OnMinio(MinioServer store) {
            super(store);
        }
    }

    abstract static class OnRealStore extends StagingStoreContract {
        private final S3StagingStore store;

        OnRealStore(ObjectStore real) {
            this.store =
                    S3StagingStore.connect(real.endpoint(), real.accessKey(), real.secretKey(), "staging-contract");
        }

        @Override
        protected StagingStore store() throws Exception {
            store.ensureBucket();
            return store;
        }

        @AfterEach
        void close() {
            store.close();
        }
    }
}
