package io.virtualimage.fetcher.work;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreebogTest {
    /** M1 of GOST R 34.11-2012, annex A (RFC 6986, section 10.1). */
    private static final String M1 = "012345678901234567890123456789012345678901234567890123456789012";

    /** M2 (RFC 6986, section 10.2), a line of the Lay of Igor's Campaign. */
    private static final String M2 = "Се ветри, Стрибожи внуци, веютъ с моря стрелами на храбрыя плъкы Игоревы";

    private static byte[] message(String name) {
        return switch (name) {
            case "M1" -> M1.getBytes(StandardCharsets.US_ASCII);
            case "M2" -> M2.getBytes(Charset.forName("windows-1251"));
            case "empty" -> new byte[0];
            default -> name.getBytes(StandardCharsets.US_ASCII);
        };
    }

    /** The first two as in the standard, from the last byte to the first; "hello" as the platform's importer tests it. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            M1    | 9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500
            M2    | 9dd2fe4e90409e5da87f53976d7405b0c0cac628fc669a741d50063c557e8f50
            empty | 3f539a213e97c802cc229d474c6aa32a825a360b2a933a949fd925208d9ce1bb
            hello | 3fb0700a41ce6e41413ba764f98bf2135ba6ded516bea2fae8429cc5bdd46d6d
            """)
    void publishedSumsOf256Bits(String name, String sum) {
        assertSum(Streebog.of256Bits(), message(name), sum);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            M1    | 1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48
            M2    | 1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28
            empty | 8e945da209aa869f0455928529bcae4679e9873ab707b55315f56ceb98bef0a7362f715528356ee83cda5f2aac4c6ad2ba3a715c1bcd81cb8e9f90bf4c1c1a8a
            hello | 8df414260966beb7b34d920763079e15df1f63297eb3dd4311e8b585d4bf2f5923214f1dfed3fdee4aaf018330a12acde0efcc338eb52922f3e571212d42c8de
            """)
    void publishedSumsOf512Bits(String name, String sum) {
        assertSum(Streebog.of512Bits(), message(name), sum);
    }

    private static void assertSum(MessageDigest digest, byte[] message, String sum) {
        assertThat(digest.getDigestLength() * 2).isEqualTo(sum.length());
        assertThat(HexFormat.of().formatHex(digest.digest(message))).isEqualTo(sum);
        // In pieces, and again with the same object.
        for (int i = 0; i < Math.min(5, message.length); i++) {
            digest.update(message[i]);
        }
        if (message.length > 5) {
            digest.update(message, 5, message.length - 5);
        }
        assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(sum);
        digest.update((byte) 1);
        digest.reset();
        assertThat(HexFormat.of().formatHex(digest.digest(message))).isEqualTo(sum);
    }
}
