package io.virtualimage.fetcher.source;

import io.virtualimage.oci.ReadingStoppedException;
import io.virtualimage.oci.layer.ReadWatch;
import java.io.InputStream;

/** Sources of all kinds: each is asked in its own way. */
public final class AnySource implements Source {
    private final Source http;
    private final Source registries;

    public AnySource(Source http, Source registries) {
        this.http = http;
        this.registries = registries;
    }

    private Source of(ResolvedSource source) {
        return switch (source) {
            case ResolvedSource.Http _ -> http;
            case ResolvedSource.ContainerImage _ -> registries;
        };
    }

    @Override
    public Source watchedBy(ReadWatch watch) {
        return new AnySource(http.watchedBy(watch), registries.watchedBy(watch));
    }

    @Override
    public SourceProbe probe(ResolvedSource source)
            throws SourceException, ReadingStoppedException, InterruptedException {
        return of(source).probe(source);
    }

    @Override
    public InputStream openRange(ResolvedSource source, SourceVersion version, long offset, long lengthBytes)
            throws SourceException, InterruptedException {
        return of(source).openRange(source, version, offset, lengthBytes);
    }

    @Override
    public SourceStream openStream(ResolvedSource source) throws SourceException, InterruptedException {
        return of(source).openStream(source);
    }
}
