/**
 * Files that users send. Any replica serves any upload, and keeps nothing of it: whose turn it is and how much is there
 * follows from {@code virtualimage.fetched}, merged as the folds merge it.
 *
 * <p>{@link io.virtualimage.fetcher.upload.UploadProtocol} says what a request asks for and
 * {@link io.virtualimage.fetcher.upload.UploadRules} whether it may, both purely; {@code UploadDesk} does it. May depend
 * on {@code topics}, {@code stage}, and on names of files and the pace of bodies in {@code fetcher.source}.
 */
@NullMarked
package io.virtualimage.fetcher.upload;

import org.jspecify.annotations.NullMarked;
