"""Running text in eight languages with the word frequencies of natural speech (Zipf-Mandelbrot).

The frequent words are real; the long tail is made of syllables, because only its frequencies
matter.
"""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLATTEN, _SLOPE = 2.7, 1.05
_QUESTIONS = 0.2
_SHORT = 5


class Language(Struct, frozen=True):
    """What text is made of: frequent words, syllables for the others, and how sentences look."""

    name: str
    share: float
    frequent: str
    syllables: str
    blank: str = " "
    stop: str = ". "
    question: str = "? "
    syllables_per_word: tuple[int, int] = (2, 4)


LANGUAGES = (
    Language(
        "en",
        0.60,
        "the to you i and a my is of for it in your that can order with be on have this not we "
        "please will me are but do as if account help thank refund "
        "an at so from need what would delivery was or let payment know been how could card has "
        "there they our just when email more than date any get new "
        "like check number one see change out time flight ticket address now also because phone "
        "only package invoice which then booking still customer after "
        "did call password cancel return shipping status today yes no error login subscription "
        "plan upgrade agent support store receipt warranty",
        "ba con de fer gra in ka lo men nor op per qui ra sta ter un ver wil zen tion ing ment "
        "able ous ly pre ex co ser vi ne",
    ),
    Language(
        "de",
        0.08,
        "ich die der und das sie ist nicht mein wir ein zu in es mit bitte haben auf für den kann "
        "bestellung eine ihre konto wie von danke rechnung dass "
        "lieferung werden wurde noch aber auch oder wenn heute adresse paket zahlung kein schon "
        "über hier hilfe änderung möchte können guten tag leider",
        "ab be der ein fall ge hau keit lich mach nis ord rung schaft tag ung ver wei zu heit "
        "stell rech kauf brief",
    ),
    Language(
        "es",
        0.08,
        "de que no la el en y a mi un por es me lo con para una su pedido los se cuenta gracias "
        "está pero más como le puede las ayuda pago envío "
        "correo hola quiero factura cuando hacer todo ya si muy dirección tarjeta número fecha "
        "cambiar tengo necesito problema entrega",
        "al ca de do en fa go ha la ma no pa que ro sa ta u ver zo ción dad mente ría ñe",
    ),
    Language(
        "fr",
        0.06,
        "je de la le vous est et pas mon une un les à en que commande pour il votre ne avec dans "
        "merci compte bonjour pouvez sur ce mais plus nous "
        "livraison facture adresse colis carte numéro être fait aide problème quand toujours bien "
        "très aussi encore date changer",
        "au bre ce don eu fer ge ille jou lan ment nou oir per que ron sou tion ver é ité eux",
    ),
    Language(
        "pt",
        0.05,
        "de que o a não e eu meu para um uma com é por você pedido em conta obrigado está mais "
        "como os no se mas pagamento entrega ajuda quero fazer "
        "cartão quando endereço fatura número data problema preciso pode ainda muito bom dia",
        "al bra ção da en fo gar ha je lho mos nha ou per qua rão sa te ver zi dade",
    ),
    Language(
        "zh",
        0.05,
        "我 的 您 好 请 问 是 了 在 不 有 可以 订单 什么 我们 帮助 谢谢 账户 退款 没有 现在 "
        "时间 地址 发票 问题 已经 需要 "
        "怎么 支付 快递 客服 修改 取消 收到 今天",
        "天 地 人 大 中 国 家 学 生 机 电 话 车 票 网 站 书 店 食 品 水 火 山 海 东 西 南 北 "
        "新 老 高 低 红 白",
        blank="",
        stop="。",
        question="？",
        syllables_per_word=(1, 3),
    ),
    Language(
        "ja",
        0.04,
        "の に は を が です ます と で も 注文 お願い 私 ください 配送 ありがとう 返金 "
        "アカウント 確認 から まで 住所 変更 した する ない "
        "いつ 支払い 問題 今日 荷物",
        "あ い う え お か き く け こ さ し す た ち つ て と な に は ひ ふ ま み む も や "
        "ゆ よ ら り る 日 本 語 時 間 会 社",
        blank="",
        stop="。",
        question="？",
        syllables_per_word=(2, 4),
    ),
    Language(
        "ko",
        0.04,
        "저는 주문 이 그 제 안녕하세요 감사합니다 배송 환불 계정 언제 어떻게 주소 변경 "
        "해주세요 결제 문제 있습니다 "
        "없습니다 오늘 확인 부탁드립니다 취소 카드 번호 도움 필요합니다",
        "가 나 다 라 마 바 사 아 자 차 카 타 파 하 고 노 도 로 모 보 소 오 조 구 누 두 루 무 "
        "부 수 우 주 은 는 을 를 에 서",
    ),
)


class Prose:
    """A long stretch of one language.

    A piece of it is a slice that begins and ends with a sentence.
    """

    def __init__(self, language: Language, words: int, random: Random) -> None:
        vocabulary = _vocabulary(language, max(words // 10, 200), random)
        weights = list(
            accumulate(1 / (rank + _FLATTEN) ** _SLOPE for rank in range(len(vocabulary)))
        )
        drawn = random.choices(vocabulary, cum_weights=weights, k=words)
        sentences = list(_sentences(language, drawn, random))
        self.common = vocabulary[40]
        self.rare = _rarest(drawn, vocabulary)
        self._text = "".join(sentences)
        self._starts = list(accumulate(map(len, sentences), initial=0))

    def piece(self, position: float, sentences: int) -> str:
        """``sentences`` in a row, found at ``place`` (0 to 1) of the text."""
        first = int(position * (len(self._starts) - 1 - sentences))
        return self._text[self._starts[first] : self._starts[first + sentences]].rstrip()


def _vocabulary(language: Language, size: int, random: Random) -> list[str]:
    syllables = language.syllables.split()
    known = dict.fromkeys(language.frequent.split())
    while len(known) < size:
        count = random.randint(*language.syllables_per_word)
        known["".join(random.choices(syllables, k=count))] = None
        if len(known) >= len(syllables) ** 2:
            break
    return list(known)


def _sentences(language: Language, words: list[str], random: Random) -> Iterator[str]:
    position = 0
    while position < len(words):
        length = random.randint(4, 18)
        sentence = language.blank.join(words[position : position + length])
        position += length
        yield (
            sentence[:1].upper()
            + sentence[1:]
            + (language.question if random.random() < _QUESTIONS else language.stop)
        )


def _rarest(drawn: list[str], vocabulary: list[str]) -> str:
    """A made word of the tail that the text holds exactly once, or as seldom as can be."""
    seen: dict[str, int] = {}
    for word in drawn:
        seen[word] = seen.get(word, 0) + 1
    frequent = set(vocabulary[:200])
    return min(
        (word for word in seen if word not in frequent and len(word) > _SHORT),
        key=lambda word: (seen[word], word),
        default=drawn[-1],
    )
