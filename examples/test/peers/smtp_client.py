"""Sends a mail by Python's smtplib, with STARTTLS: port, file of the authority."""

import smtplib
import ssl
import sys

port, authority = int(sys.argv[1]), sys.argv[2]

with smtplib.SMTP("127.0.0.1", port) as client:
    client.ehlo()
    print("offers starttls:", client.has_extn("starttls"))
    try:
        client.mail("alice@example.org")
        print("in plain text:", client.rcpt("bob@example.org")[0])
    except smtplib.SMTPException as error:
        print(error)
    client.starttls(context=ssl.create_default_context(cafile=authority))
    print("with", client.sock.version())
    client.sendmail("alice@example.org", ["bob@example.org", "carol@example.org"], "Subject: hello\r\n\r\n" + "line\r\n" * 1000)
    print("starttls again:", client.docmd("STARTTLS")[0])
