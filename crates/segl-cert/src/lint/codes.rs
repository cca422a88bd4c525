//! The code lists of ISO that the standards point at, as of 2026.

/// ISO 3166-1 alpha-2, and XK, which is user-assigned and in use.
const COUNTRIES: &[u8] = b"\
ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCR\
CUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHU\
IDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQ\
MRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSI\
SJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

/// User-assigned and reserved codes of more than one country: European Union, euro zone, Soviet Union, United Nations.
const TRANSNATIONAL: &[u8] = b"EUEZSUUN";

/// The countries of the European Economic Area, with the codes that stand for Greece and for the Union itself.
const EUROPEAN: &[u8] = b"ATBEBGCYCZDEDKEEELESEUFIFRGRHRHUIEISITLILTLULVMTNLNOPLPTROSESISK";

/// ISO 639-1.
const LANGUAGES: &[u8] = b"\
aaabaeafakamanarasavayazbabebgbibmbnbobrbscacechcocrcscucvcydadedvdzeeeleneoeseteufafffifjfofrfygagd\
glgngugvhahehihohrhthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkmknkokrkskukvkwkylalblglilnloltlulvmg\
mhmimkmlmnmrmsmtmynanbndnengnlnnnonrnvnyocojomorospapiplpsptqurmrnrorurwsascsdsesgshsiskslsmsnsosqsr\
ssstsusvswtatetgthtitktltntotrtstttwtyugukuruzvevivowawoxhyiyozazhzu";

/// ISO 4217, alphabetic, with the codes withdrawn since 2000, which older certificates have.
const CURRENCIES: &[u8] = b"\
AEDAFNALLAMDAOAARSAUDAWGAZNBAMBBDBDTBHDBIFBMDBNDBOBBOVBRLBSDBTNBWPBYNBZDCADCDFCHECHFCHWCLFCLPCNYCOPCOU\
CRCCUPCVECZKDJFDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGNFGTQGYDHKDHNLHTGHUFIDRILSINRIQDIRRISKJMDJOD\
JPYKESKGSKHRKMFKPWKRWKWDKYDKZTLAKLBPLKRLRDLSLLYDMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMXVMYRMZNNADNGNNIO\
NOKNPRNZDOMRPABPENPGKPHPPKRPLNPYGQARRONRSDRUBRWFSARSBDSCRSDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMT\
TNDTOPTRYTTDTWDTZSUAHUGXUSDUSNUYIUYUUYWUZSVEDVESVNDVUVWSTXADXAFXAGXAUXBAXBBXBCXBDXCDXCGXDRXOFXPDXPFXPT\
XSUXUAYERZARZMWZWGANGBGNBYRCSDCUCCYPDEMEEKESPFRFGHCHRKITLLTLLVLMROMTLNLGROLSDDSITSKKSLLSTDTRLVEFZMKZWL";

/// ISO 4217, numeric, with the same withdrawn ones.
const CURRENCY_NUMBERS: [u16; 191] = [
    8, 12, 32, 36, 44, 48, 50, 51, 52, 60, 64, 68, 72, 84, 90, 96, 104, 108, 116, 124, 132, 136, 144, 152,
    156, 170, 174, 188, 191, 192, 196, 203, 208, 214, 222, 230, 232, 233, 238, 242, 250, 262, 270, 276, 292,
    320, 324, 328, 332, 340, 344, 348, 352, 356, 360, 364, 368, 376, 380, 388, 392, 396, 398, 400, 404, 408,
    410, 414, 417, 418, 422, 426, 428, 430, 434, 440, 446, 454, 458, 462, 470, 478, 480, 484, 496, 498, 504,
    512, 516, 524, 528, 532, 533, 548, 554, 558, 566, 578, 586, 590, 598, 600, 604, 608, 634, 643, 646, 654,
    678, 682, 690, 694, 702, 703, 704, 705, 706, 710, 724, 728, 736, 748, 752, 756, 760, 764, 776, 780, 784,
    788, 800, 807, 818, 826, 834, 840, 858, 860, 882, 886, 894, 901, 924, 925, 926, 927, 928, 929, 930, 931,
    932, 933, 934, 936, 937, 938, 940, 941, 943, 944, 946, 947, 948, 949, 950, 951, 952, 953, 955, 956, 957,
    958, 959, 960, 961, 962, 964, 965, 967, 968, 969, 970, 971, 972, 973, 974, 975, 976, 977, 978, 979,
];

/// The numeric codes from 980 on.
const CURRENCY_NUMBERS_LAST: [u16; 7] = [980, 981, 984, 985, 986, 990, 994];

/// An upper-case ISO 3166-1 code.
pub(crate) fn is_country(code: &str) -> bool {
    holds(COUNTRIES, 2, code)
}

/// A country, or one of the codes of several countries that identifiers may have.
pub(crate) fn is_country_or_union(code: &str) -> bool {
    is_country(code) || holds(TRANSNATIONAL, 2, code)
}

/// A country of the European Economic Area, or the European Union itself.
pub(crate) fn is_european(code: &str) -> bool {
    holds(EUROPEAN, 2, code)
}

/// An ISO 639-1 code in any case.
pub(crate) fn is_language(code: &str) -> bool {
    holds(LANGUAGES, 2, &code.to_ascii_lowercase())
}

/// An ISO 4217 code of letters.
pub(crate) fn is_currency(code: &str) -> bool {
    holds(CURRENCIES, 3, code)
}

/// An ISO 4217 number.
pub(crate) fn is_currency_number(number: i64) -> bool {
    let mut all = CURRENCY_NUMBERS.iter().chain(&CURRENCY_NUMBERS_LAST).chain(&[997]);
    all.any(|known| i64::from(*known) == number)
}

fn holds(list: &[u8], width: usize, code: &str) -> bool {
    code.len() == width && list.chunks_exact(width).any(|entry| entry == code.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_whole() {
        for (list, width, count) in
            [(COUNTRIES, 2, 250), (LANGUAGES, 2, 184), (CURRENCIES, 3, 204), (EUROPEAN, 2, 32)]
        {
            assert_eq!((list.len() / width, list.len() % width), (count, 0));
        }
        assert!(is_country("DK") && !is_country("dk") && !is_country("EL") && !is_country(""));
        assert!(is_country_or_union("EU") && is_european("EL") && !is_european("CH"));
        assert!(is_language("EN") && is_language("da") && !is_language("xx") && !is_language("eng"));
        assert!(
            is_currency("DKK") && !is_currency("XXX") && is_currency_number(208) && !is_currency_number(999)
        );
    }
}
