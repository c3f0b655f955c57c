package io.virtualimage.stage.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.stage.access.AccessTokens.Door;
import io.virtualimage.topics.Incarnation;
import java.math.BigInteger;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AccessTokensTest {
    private static final String KEY = "0123456789abcdef0123456789abcdef";
    private static final Incarnation IMAGE = new Incarnation("ns", "disk", "u1", 1, 0);

    private final AccessTokens tokens = new AccessTokens(KEY);

    @Test
    void everyReplicaDerivesTheSameToken() {
        String token = tokens.token(Door.UPLOAD, IMAGE);
        assertThat(token).matches("[A-Za-z0-9]{32}").isEqualTo(new AccessTokens(KEY).token(Door.UPLOAD, IMAGE));
        assertThat(tokens.opens(token, Door.UPLOAD, IMAGE)).isTrue();
    }

    /** What openssl prints for the same key and subject, written to base 62. */
    @Test
    void isAnHmac() {
        // printf %s UPLOAD/u1/1.0 | openssl dgst -sha512 -hmac 0123456789abcdef0123456789abcdef
        BigInteger hash = new BigInteger(OPENSSL, 16);
        String alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 32; i++) {
            expected.append(alphabet.charAt(hash.mod(BigInteger.valueOf(62)).intValue()));
            hash = hash.divide(BigInteger.valueOf(62));
        }
        assertThat(tokens.token(Door.UPLOAD, IMAGE)).isEqualTo(expected.toString());
    }

    private static final String OPENSSL = "91a14e0123be69305a33ac7ecb3f5c45c1e507cab205467cc64424a105f8b67d"
            + "559f49f50f79070bb90508379f27c7647f54eff4dbab4340a03ff79d88f69838";

    @Test
    void opensNothingElse() {
        Set<String> all = new HashSet<>();
        for (Door door : Door.values()) {
            all.add(tokens.token(door, IMAGE));
        }
        all.add(tokens.token(Door.UPLOAD, new Incarnation("ns", "disk", "u1", 2, 0)));
        all.add(tokens.token(Door.UPLOAD, new Incarnation("ns", "disk", "u1", 1, 1)));
        all.add(tokens.token(Door.UPLOAD, new Incarnation("ns", "disk", "u2", 1, 0)));
        all.add(new AccessTokens(KEY.replace('0', '1')).token(Door.UPLOAD, IMAGE));
        assertThat(all).hasSize(7);
        assertThat(all)
                .filteredOn(token -> tokens.opens(token, Door.UPLOAD, IMAGE))
                .hasSize(1);
        assertThat(tokens.opens("", Door.UPLOAD, IMAGE)).isFalse();
    }

    @Test
    void aShortKeyIsRefusedWithoutBeingQuoted() {
        assertThatThrownBy(() -> AccessTokens.ofSetting("TOKEN_KEY", "secret"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("TOKEN_KEY")
                .hasMessageContaining("32 are needed")
                .hasMessageNotContaining("secret");
    }
}
